"""What happened, beside what was forecast and what the market said."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from typing import TYPE_CHECKING

import msgspec
import pytest

from backtest.minute_forecasts import BEFORE_KICK_OFF, Made, MinuteForecasts
from backtest.parts import by_part
from backtest.predictions import COLUMNS, join_marks, write
from backtest.scoring import by_league
from producers.match_rows import MatchRow, Prices, Result
from schemas.forecast import Quality

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

KICK_OFF = dt.datetime(2024, 8, 17, 14, tzinfo=dt.UTC)


def body(
    match_id: str, revision: int, *, minutes_before: int, home: float, epoch: int = 1
) -> bytes:
    as_of = KICK_OFF - dt.timedelta(minutes=minutes_before)
    draw, away = (1 - home) / 2, (1 - home) / 2
    return (
        f'{{"match_id":"{match_id}","kick_off":"{KICK_OFF.isoformat()}","as_of":"'
        f'{as_of.isoformat()}","epoch":{epoch},"revision":{revision},"home":{home},"draw":{draw},'
        f'"away":{away},"quality":"fresh","model":"m@1","more":1}}'
    ).encode()


def match(
    match_id: str, competition: str, result: Result | None, *, priced: bool = True
) -> MatchRow:
    return MatchRow(
        match_id=match_id,
        pool="p",
        competition=competition,
        season="2024-25",
        date=KICK_OFF.date(),
        kick_off=KICK_OFF,
        time_known=True,
        home="Home",
        away="Away",
        result=result,
        closing={"avg": Prices(2.0, 4.0, 4.0)} if priced else {},
    )


def last(*bodies: bytes) -> dict[tuple[str, int], Made]:
    found = MinuteForecasts(())
    for one in bodies:
        found.add(one)
    return found.by_mark


def join(rows: Iterable[MatchRow], made: dict[tuple[str, int], Made]) -> pd.DataFrame:
    return join_marks(rows, made, (), (), "closing")


def test_the_last_forecast_before_kick_off_counts_in_whatever_order_they_come() -> None:
    bodies = [
        body("a", 1, minutes_before=900, home=0.1),
        body("a", 2, minutes_before=1, home=0.2),
        body("a", 3, minutes_before=0, home=0.3),
        body("a", 4, minutes_before=-50, home=0.4),
    ]

    assert last(*bodies)["a", BEFORE_KICK_OFF].home == 0.2
    assert last(*reversed(bodies))["a", BEFORE_KICK_OFF].home == 0.2


def test_a_new_epoch_counts_more_than_any_revision_of_the_old() -> None:
    found = last(
        body("a", 1, minutes_before=5, home=0.6, epoch=2),
        body("a", 9, minutes_before=5, home=0.5),
    )

    assert found["a", BEFORE_KICK_OFF].home == 0.6


def test_matches_without_result_or_forecast_are_left_out() -> None:
    rows = [
        match("a", "e0", Result(1, 0)),
        match("b", "e0", None),
        match("c", "e0", Result(0, 0)),
    ]
    found = last(body("a", 1, minutes_before=5, home=0.5), body("b", 1, minutes_before=5, home=0.5))

    assert list(join(rows, found)["match_id"]) == ["a"]


def test_each_league_and_all_are_scored_with_the_market_on_its_own_matches() -> None:
    rows = [
        match("a", "e0", Result(1, 0)),
        match("b", "e0", Result(0, 1), priced=False),
        match("c", "d1", Result(2, 0)),
    ]
    found = last(*(body(name, 1, minutes_before=5, home=0.5) for name in "abc"))

    d1, e0, both = by_league(join(rows, found))

    assert (d1.league, e0.league, both.league) == ("d1", "e0", "all")
    assert (e0.n, e0.market_n, both.n) == (2, 1, 3)
    assert e0.model.log_loss.value == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert e0.market is not None
    assert e0.market.log_loss.value == pytest.approx(math.log(2))
    assert both.model.accuracy.value == pytest.approx(2 / 3)


def test_no_match_is_no_league() -> None:
    assert by_league(join([], {})) == []


def test_the_file_has_the_columns_of_the_design_and_unknown_prices_are_empty(
    tmp_path: Path,
) -> None:
    rows = [match("a", "e0", Result(1, 0), priced=False)]
    found = last(body("a", 1, minutes_before=5, home=0.5))

    write(join(rows, found), tmp_path / "p.csv")

    lines = (tmp_path / "p.csv").read_text().splitlines()
    assert lines == [
        ",".join(COLUMNS),
        "a,e0,2024-08-17,Home,Away,0,0,0,0.500000000,0.250000000,0.250000000,,,,H",
    ]


def test_the_difference_from_the_market_is_of_the_same_matches() -> None:
    rows = [match(f"m{k}", "e0", Result(2, 1) if k % 2 else Result(0, 0)) for k in range(40)]
    made = last(*(body(row.match_id, 1, minutes_before=5, home=0.6) for row in rows))

    (_, total) = by_league(join(rows, made))

    assert total.market is not None
    assert total.less_market is not None
    assert total.less_market.value == pytest.approx(
        total.model.log_loss.value - total.market.log_loss.value
    )


def test_parts_tell_favourites_newcomers_and_the_first_weeks_of_a_season() -> None:
    sides = [f"side {k}" for k in range(10)]
    seasons = {"2023-24": sides[1:], "2024-25": sides}
    rows = [
        msgspec.structs.replace(
            match(f"e0-{season}-{home}-{away}", "e0", Result(1, 0)),
            season=season,
            home=home,
            away=away,
            kick_off=KICK_OFF + dt.timedelta(days=365 * place + day),
        )
        for place, (season, present) in enumerate(seasons.items())
        for day, (home, away) in enumerate(itertools.permutations(present, 2))
    ]
    newest = [row for row in rows if row.season == "2024-25"]
    made = {
        (row.match_id, BEFORE_KICK_OFF): Made(
            row.match_id, KICK_OFF, KICK_OFF, 1, 1, *_chances(row), Quality.FRESH
        )
        for row in newest
    }

    found = {one.league: one.n for one in by_part(join(newest, made), rows)}

    assert found["no newcomer"] == 9 * 8
    assert found["first six matches of a side's season"] + found["later"] == len(newest)
    assert found["clear favourite: above 60 %"] == 45
    assert "with a newcomer to the league" not in found  # 18 matches are too few to be scored


def _chances(row: MatchRow) -> tuple[float, float, float]:
    """A clear favourite where the home side's name sorts first."""
    return (0.7, 0.2, 0.1) if row.home < row.away else (0.4, 0.3, 0.3)
