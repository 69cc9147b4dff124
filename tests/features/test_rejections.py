from __future__ import annotations

import datetime as dt

import pytest

from features import fold
from schemas import events as ev
from schemas.errors import RejectedEventError
from tests.features.story import (
    T0,
    at,
    changed,
    context,
    fixture,
    full_time,
    goal,
    odds,
    period,
    world_after,
)

_LATE = dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.timezone(-dt.timedelta(hours=12)))


def _tick(subject: str, **fields: object) -> ev.ClockTick:
    return ev.ClockTick(**context(subject, T0), data=ev.ClockTickData(**fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (goal("m9", "a", 1), "unknown"),
        (goal("", "a", 1), "names no match"),
        (goal("m1", "a", 1, pool="spain"), "belongs to pool england"),
        (goal("m1", "a", 1, time=_LATE), "year 9999"),
        (goal("m1", "a", 131), r"minute 131\+0 is in no match"),
        (goal("m1", "a", -1), r"minute -1\+0 is in no match"),
        (odds("m1", (1.0, 4.0, 6.0)), "of avg must lie above 1"),
        (odds("m1", (2.0, 3.0, 20_000.0)), "of avg must lie above 1"),
        (odds("m1", (9.0, 9.0, 9.0)), r"their inverses sum to 0\.33"),
        (odds("m1", (1.2, 1.2, 1.2)), r"their inverses sum to 2\.50"),
        (fixture("", "A", "B"), "names no match"),
        (fixture("m1", "Arsenal", "Fulham"), "was announced as"),
        (fixture("m2", "Arsenal", "ARSENAL"), "against itself"),
        (fixture("m2", "???", "Fulham"), "cannot be used"),
        (fixture("m2", "Leeds", "Fulham", at(days=-90)), "time order"),
        (_tick("m1"), "exactly one"),
        (_tick("m1", minute=3, day=T0.date()), "exactly one"),
        (_tick("m1", day=T0.date()), "not about one match"),
        (_tick("", minute=3), "names no match"),
        (_tick("", day=T0.date() + dt.timedelta(days=2)), "has begun nowhere yet"),
        (changed("m1", ev.FixtureStatus.AWARDED, T0, home_score=3), "one side only"),
        (
            ev.MatchPeriod(
                **context("m1", T0),
                data=ev.MatchPeriodData(period=ev.Period.HALF_TIME, away_score=1),
            ),
            "one side only",
        ),
        (
            ev.MatchFinished(
                **context("m1", T0),
                data=ev.MatchFinishedData(
                    home_score=2, away_score=2, home_score_extra_time=1, away_score_extra_time=2
                ),
            ),
            "cannot follow",
        ),
        (ev.FeedHeartbeat(**context("m9", T0), data=ev.FeedHeartbeatData()), "unknown"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(event: ev.Event, reason: str) -> None:
    world = world_after(
        fixture("m1", "Arsenal", "Chelsea"),
        _tick("", day=T0.date()),
        goal("m1", "z", 5),
        period("m1", ev.Period.HALF_TIME, (1, 0), at(47)),
        full_time("m1", 2, 2),
    )
    world.take_changes()

    with pytest.raises(RejectedEventError, match=reason):
        fold(world, event)

    assert world.take_changes() == []
