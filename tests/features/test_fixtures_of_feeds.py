"""What feeds do to fixtures, one test each: moved, called off, awarded, told under other names."""

from __future__ import annotations

import math

import pytest

from features import World, fold
from schemas import events as ev
from schemas.errors import RejectedEventError
from schemas.forecast import Quality
from tests.features.story import (
    T0,
    at,
    changed,
    columns,
    context,
    day,
    fixture,
    full_time,
    goal,
    minute,
    odds,
    period,
    stored,
    world_after,
)

FIRST = fixture("m1", "Arsenal", "Chelsea")
FIXTURE_IDS = {"sportradar": "sr:1"}


def _score(world: World) -> tuple[int, int]:
    return world.matches["m1"].home_score, world.matches["m1"].away_score


def test_a_kick_off_that_moves_keeps_the_match_and_its_id() -> None:
    world = world_after(FIRST)

    ids = fold(world, fixture("m1", "Arsenal", "Chelsea", at(days=1), time=at(-30)))

    assert ids == ("m1",)
    assert world.matches["m1"].kick_off == at(days=1)
    assert len(world.matches) == 1


def test_an_older_word_on_the_kick_off_does_not_move_it_back() -> None:
    world = world_after(FIRST, fixture("m1", "Arsenal", "Chelsea", at(days=1), time=at(-30)))

    fold(world, fixture("m1", "Arsenal", "Chelsea", T0, time=at(-60)))

    assert world.matches["m1"].kick_off == at(days=1)


def test_a_postponed_match_waits_and_is_played_on_its_new_day() -> None:
    world = world_after(
        FIRST,
        changed("m1", ev.FixtureStatus.POSTPONED, at(-60)),
        changed("m1", ev.FixtureStatus.SCHEDULED, at(60), kick_off=at(days=30)),
    )

    fold(world, full_time("m1", 2, 0, at(days=30, minutes=110)))

    assert world.matches["m1"].status == "finished"
    assert world.teams["england/arsenal"].last_kick_off == at(days=30)


def test_an_abandoned_match_played_again_starts_from_nothing() -> None:
    world = world_after(
        FIRST,
        goal("m1", "a", 12),
        goal("m1", "r", 30, kind=ev.IncidentKind.RED),
        minute("m1", 33, at(33)),
        changed("m1", ev.FixtureStatus.ABANDONED, at(40)),
        changed("m1", ev.FixtureStatus.SCHEDULED, at(days=2), kick_off=at(days=9)),
    )
    waiting = columns(world, "m1", "home_score", "home_reds", "minute")

    fold(world, goal("m1", "again", 5, ev.Side.AWAY, time=at(days=9, minutes=5)))

    assert waiting[:2] == [0.0, 0.0]
    assert math.isnan(waiting[2])
    assert _score(world) == (0, 1)
    assert (world.matches["m1"].minute, world.matches["m1"].home_reds) == (5, 0)


def test_an_abandoned_match_that_goes_on_keeps_its_score() -> None:
    world = world_after(
        FIRST, goal("m1", "a", 12), changed("m1", ev.FixtureStatus.ABANDONED, at(40))
    )
    called_off = world.matches["m1"].status

    fold(world, period("m1", ev.Period.FIRST_HALF, None, at(days=1)))

    assert (called_off, world.matches["m1"].status) == ("abandoned", "live")
    assert _score(world) == (1, 0)


def test_another_sources_start_does_not_set_the_minute_back() -> None:
    start = ev.MatchStarted(**context("m1", at(75), source="other"), data=ev.MatchStartedData())

    world = world_after(FIRST, minute("m1", 60, at(74)), start)

    assert world.matches["m1"].minute == 60


def test_a_table_forgets_a_result_that_is_taken_back_whatever_its_day_held() -> None:
    fixtures, told = [], []
    for name, home, away, days, score in (
        ("p1", "A", "B", -6, (0, 1)),
        ("p2", "C", "D", -6, (2, 0)),
        ("x", "A", "B", 0, (3, 0)),
        ("y", "C", "D", 3, (1, 0)),
    ):
        kick_off, said = at(days=days), at(days=-9)
        fixtures.append(fixture(name, home, away, kick_off=kick_off, time=said))
        told += [day(kick_off.date()), full_time(name, *score, at(days=days, minutes=110))]
        if name == "x":
            told.append(day(at(days=1).date()))
    off = changed("x", ev.FixtureStatus.ABANDONED, at(days=3, minutes=200))
    without = [event for event in told if event.subject != "x"]

    late, clean = world_after(*fixtures, *told, off), world_after(*fixtures, *without, off)

    assert late.tables == clean.tables


def test_a_result_awarded_later_takes_the_played_one_out_of_the_ratings() -> None:
    world = world_after(FIRST, full_time("m1", 0, 2))
    assert world.teams["england/chelsea"].elo > 1500.0

    fold(world, changed("m1", ev.FixtureStatus.AWARDED, at(days=2), home_score=3, away_score=0))

    assert _score(world) == (3, 0)
    assert world.teams["england/chelsea"].elo == 1500.0
    assert world.teams["england/chelsea"].matches == 0


def test_a_fixture_under_a_new_id_goes_on_with_what_was_told_under_the_old_one() -> None:
    old = fixture("m0", "Arsenal", "Chelsea", external_ids=FIXTURE_IDS)
    new = fixture("m1", "Arsenal", "Chelsea", external_ids=FIXTURE_IDS, time=at(20))
    world = world_after(old, odds("m0"), goal("m0", "a", 12))

    ids = fold(world, new)
    late = fold(world, goal("m0", "b", 30))
    fold(world, goal("m0", "b", 30, revision=2, op=ev.Operation.RETRACT, time=at(31)))
    fold(world, full_time("m1", 1, 0))

    assert ids == ("m1", "m0")
    assert late == ("m1",)
    assert (world.matches["m0"].status, world.matches["m0"].quality) == (
        "cancelled",
        Quality.FINAL,
    )
    assert _score(world) == (1, 0)
    assert world.matches["m1"].market is not None
    assert world.teams["england/arsenal"].matches == 1


def test_a_fixture_goes_on_under_the_id_told_last_whichever_of_both_comes_first() -> None:
    old = fixture("m0", "Arsenal", "Chelsea", external_ids=FIXTURE_IDS, time=at(days=-7))
    new = fixture("m1", "Arsenal", "Chelsea", external_ids=FIXTURE_IDS, time=at(days=-5))
    play = [goal("m1", "a", 12), full_time("m1", 1, 0)]

    in_order, swapped = world_after(old, new, *play), world_after(new, *play, old)

    assert stored(swapped) == stored(in_order)
    assert swapped.matches["m0"].rekeyed_to == "m1"
    assert _score(swapped) == (1, 0)


def test_a_finished_fixture_under_a_new_id_is_rated_once() -> None:
    old = fixture("m0", "Arsenal", "Chelsea", external_ids=FIXTURE_IDS)
    new = fixture("m1", "Arsenal", "Chelsea", external_ids=FIXTURE_IDS, time=at(200))
    world = world_after(old, full_time("m0", 1, 0))
    once = world.teams["england/arsenal"].elo

    fold(world, new)
    fold(world, full_time("m1", 1, 0))
    again = World.load(stored(world))
    fold(again, full_time("m0", 1, 0))

    assert world.teams["england/arsenal"].elo == once
    assert world.teams["england/arsenal"].matches == 1
    assert again.teams["england/arsenal"].elo == once
    assert again.teams["england/arsenal"].matches == 1


def test_a_feeds_id_that_turns_up_on_other_teams_is_refused_and_never_merged() -> None:
    world = world_after(fixture("m0", "Arsenal", "Chelsea", external_ids=FIXTURE_IDS))

    with pytest.raises(RejectedEventError, match="belongs to m0"):
        fold(world, fixture("m1", "Arsenal", "Fulham", external_ids=FIXTURE_IDS))

    assert sorted(world.teams) == ["england/arsenal", "england/chelsea"]


def test_a_team_spelt_another_way_is_the_same_team() -> None:
    world = world_after(FIRST)

    fold(world, fixture("m1", "ARSENAL", "Chelsea", time=at(-60)))
    fold(world, fixture("m2", "Arsenal.", "Fulham", at(days=7)))

    assert world.matches["m1"].home == "ARSENAL"
    assert sorted(world.teams) == ["england/arsenal", "england/chelsea", "england/fulham"]


def test_a_renamed_team_under_a_known_match_is_refused_by_name() -> None:
    world = world_after(FIRST)

    with pytest.raises(RejectedEventError, match=r"Arsenal against Chelsea.*Gunners"):
        fold(world, fixture("m1", "Gunners", "Chelsea", time=at(-60)))
