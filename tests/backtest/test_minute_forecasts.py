from __future__ import annotations

import datetime as dt
import random

import msgspec
import pytest

from backtest.minute_forecasts import MinuteForecasts
from backtest.predictions import join_marks
from backtest.scoring import by_minute
from producers import simulate
from schemas.forecast import Cause, Delta, Forecast, Quality, Score, decode_forecast

KICK_OFF = dt.datetime(2025, 1, 18, 15, tzinfo=dt.UTC)
ROW = simulate.rows(1, start=dt.date(2024, 8, 9))[0]


def body(revision: int, minute: int | None, home: float, **changes: object) -> bytes:
    """One forecast of one match as the changes stream carries it."""
    made = Forecast(
        match_id=ROW.match_id,
        competition=ROW.competition,
        season=ROW.season,
        kick_off=KICK_OFF,
        home_team=ROW.home,
        away_team=ROW.away,
        status="scheduled" if minute is None else "live",
        epoch=1,
        revision=revision,
        as_of=KICK_OFF + dt.timedelta(minutes=-1 if minute is None else minute),
        cause=Cause("e", "clock.tick", "a minute"),
        home=home,
        draw=0.2,
        away=0.8 - home,
        delta=Delta(0.0, 0.0, 0.0),
        minute=minute,
        score=None if minute is None else Score(revision, 0),
        model="default@1",
        quality=Quality.FRESH,
        market=None,
        simulated=False,
        feature_hash="",
        input_hash="",
    )
    return msgspec.json.encode(msgspec.structs.replace(made, **changes))


STORY = [
    body(1, None, 0.1),
    body(2, None, 0.2),
    body(3, 0, 0.3),
    body(4, 14, 0.35),
    body(5, 15, 0.4),
    body(6, 45, 0.5),
    body(7, 45, 0.55),
    body(8, 46, 0.6),
    body(9, 90, 0.7),
    body(10, 90, 0.75, quality=Quality.FINAL),
]


@pytest.mark.parametrize("seed", range(5))
def test_each_mark_has_the_newest_forecast_of_its_minute_in_whatever_order_they_come(
    seed: int,
) -> None:
    found = MinuteForecasts((15, 45, 60, 90))

    for one in random.Random(seed).sample(STORY, len(STORY)):
        found.add(one)

    marks = {mark: made.home for (_, mark), made in found.by_mark.items()}
    assert marks == {0: 0.2, 15: 0.4, 45: 0.55, 90: 0.7}
    assert found.seen == len(STORY)


def test_a_kick_off_that_moved_back_leaves_no_forecast_of_play_before_it() -> None:
    found = MinuteForecasts((15,))

    found.add(body(1, None, 0.1, as_of=KICK_OFF))

    assert found.by_mark == {}


def test_a_newer_epoch_wins_over_a_higher_revision() -> None:
    found = MinuteForecasts((15,))

    found.add(body(9, 15, 0.1))
    found.add(body(2, 15, 0.3, epoch=2))

    assert found.by_mark[ROW.match_id, 15].home == 0.3


def test_only_matches_told_by_the_minute_have_rows_after_kick_off() -> None:
    found = MinuteForecasts((15, 45))
    for one in STORY:
        found.add(one)

    told = join_marks([ROW], found.by_mark, (15, 45), {ROW.match_id}, "closing")
    untold = join_marks([ROW], found.by_mark, (15, 45), set(), "closing")

    assert list(told["minute"]) == [0, 15, 45]
    assert list(told["home_score"]) == [0, 5, 7]
    assert list(untold["minute"]) == [0]
    assert [at.minute for at in by_minute(told)] == [0, 15, 45]


def test_the_part_that_is_scored_is_that_of_whole_forecasts() -> None:
    found = MinuteForecasts((45,))

    found.add(STORY[6])

    whole, part = decode_forecast(STORY[6]), found.by_mark[ROW.match_id, 45]
    assert (part.home, part.draw, part.away) == (whole.home, whole.draw, whole.away)
    assert part.score == whole.score
