"""What happened, beside what was forecast and what the market said."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

import pytest

from backtest.last_forecasts import LastForecasts
from backtest.predictions import COLUMNS, join, write
from backtest.scoring import by_league
from producers.match_rows import MatchRow, Prices, Result

if TYPE_CHECKING:
    from pathlib import Path

KICK_OFF = dt.datetime(2024, 8, 17, 14, tzinfo=dt.UTC)


def body(
    match_id: str, revision: int, *, minutes_before: int, home: float, epoch: int = 1
) -> bytes:
    as_of = KICK_OFF - dt.timedelta(minutes=minutes_before)
    draw, away = (1 - home) / 2, (1 - home) / 2
    return (
        f'{{"match_id":"{match_id}","kick_off":"{KICK_OFF.isoformat()}","as_of":"'
        f'{as_of.isoformat()}","epoch":{epoch},"revision":{revision},"home":{home},"draw":{draw},'
        f'"away":{away},"model":"m@1","simulated":false,"more":1}}'
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


def last(*bodies: bytes) -> LastForecasts:
    found = LastForecasts()
    for one in bodies:
        found.add(one)
    return found


def test_the_last_forecast_before_kick_off_counts_in_whatever_order_they_come() -> None:
    bodies = [
        body("a", 1, minutes_before=900, home=0.1),
        body("a", 2, minutes_before=1, home=0.2),
        body("a", 3, minutes_before=0, home=0.3),
        body("a", 4, minutes_before=-50, home=0.4),
    ]

    assert last(*bodies).by_match["a"].home == 0.2
    assert last(*reversed(bodies)).by_match["a"].home == 0.2


def test_a_new_epoch_counts_more_than_any_revision_of_the_old() -> None:
    found = last(
        body("a", 1, minutes_before=5, home=0.6, epoch=2),
        body("a", 9, minutes_before=5, home=0.5),
    )

    assert found.by_match["a"].home == 0.6


def test_matches_without_result_or_forecast_are_left_out() -> None:
    rows = [
        match("a", "e0", Result(1, 0)),
        match("b", "e0", None),
        match("c", "e0", Result(0, 0)),
    ]
    found = last(body("a", 1, minutes_before=5, home=0.5), body("b", 1, minutes_before=5, home=0.5))

    assert list(join(rows, found.by_match, "closing")["match_id"]) == ["a"]


def test_each_league_and_all_are_scored_with_the_market_on_its_own_matches() -> None:
    rows = [
        match("a", "e0", Result(1, 0)),
        match("b", "e0", Result(0, 1), priced=False),
        match("c", "d1", Result(2, 0)),
    ]
    found = last(*(body(name, 1, minutes_before=5, home=0.5) for name in "abc"))

    d1, e0, both = by_league(join(rows, found.by_match, "closing"))

    assert (d1.league, e0.league, both.league) == ("d1", "e0", "all")
    assert (e0.n, e0.market_n, both.n) == (2, 1, 3)
    assert e0.model.log_loss.value == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert e0.market is not None
    assert e0.market.log_loss.value == pytest.approx(math.log(2))
    assert both.model.accuracy.value == pytest.approx(2 / 3)


def test_no_match_is_no_league() -> None:
    assert by_league(join([], {}, "closing")) == []


def test_the_file_has_the_columns_of_the_design_and_unknown_prices_are_empty(
    tmp_path: Path,
) -> None:
    rows = [match("a", "e0", Result(1, 0), priced=False)]
    found = last(body("a", 1, minutes_before=5, home=0.5))

    write(join(rows, found.by_match, "closing"), tmp_path / "p.csv")

    lines = (tmp_path / "p.csv").read_text().splitlines()
    assert lines == [
        ",".join(COLUMNS),
        "a,e0,2024-08-17,Home,Away,0,0,0,0.500000000,0.250000000,0.250000000,,,,H",
    ]
