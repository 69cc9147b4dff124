from __future__ import annotations

import pytest

from features import fold, words
from schemas import events as ev
from tests.features.story import (
    T0,
    at,
    changed,
    context,
    day,
    fixture,
    full_time,
    goal,
    minute,
    odds,
    period,
    world_after,
)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            fixture("m1", "Arsenal", "Chelsea"),
            "Fixture: Arsenal against Chelsea, 2024-08-17 14:00 UTC",
        ),
        (full_time("m1", 2, 1), "Full-time: Arsenal 2–1 Chelsea"),
        (
            odds("m1", (1.66, 4.2, 5.02), phase=ev.OddsPhase.CLOSING),
            "Closing odds of avg: 1.66 / 4.20 / 5.02",
        ),
        (goal("m1", "a", 23), "Goal, Arsenal (23'): Arsenal 1–0 Chelsea"),
        (
            goal("m1", "a", 9, op=ev.Operation.RETRACT),
            "Goal, Arsenal (9'), withdrawn: Arsenal 0–0 Chelsea",
        ),
        (period("m1", ev.Period.HALF_TIME, (1, 1), at(47)), "Half-time: Arsenal 1–1 Chelsea"),
        (minute("m1", 61, at(76)), "Minute 61"),
        (day(T0.date()), "The day 2024-08-17 began"),
        (changed("m1", ev.FixtureStatus.POSTPONED, T0), "Postponed"),
        (
            changed("m1", ev.FixtureStatus.AWARDED, T0, home_score=3, away_score=0),
            "Awarded 3–0",
        ),
        (
            ev.ModelPromoted(**context("", T0), data=ev.ModelPromotedData(model="champion@3")),
            "Model champion@3 took over",
        ),
        (
            ev.FeedSilent(**context("", T0), data=ev.FeedSilentData(silent_source="site")),
            "site is silent",
        ),
    ],
)
def test_a_cause_is_said_in_one_plain_sentence(event: ev.Event, said: str) -> None:
    world = world_after(fixture("m1", "Arsenal", "Chelsea"))
    fold(world, event)

    assert words(event, world.matches["m1"]) == said


def test_a_result_elsewhere_is_called_that() -> None:
    world = world_after(fixture("m1", "Arsenal", "Chelsea"))

    assert words(full_time("m0", 1, 0), world.matches["m1"]) == "Result elsewhere: m0"
