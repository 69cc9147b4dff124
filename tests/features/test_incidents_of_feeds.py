"""What feeds do to a match in play, one test each: none of it may leave a wrong score."""

from __future__ import annotations

from typing import Any

from features import World, fold
from schemas import events as ev
from schemas.forecast import Quality
from tests.features.story import (
    at,
    columns,
    context,
    fixture,
    goal,
    minute,
    period,
    world_after,
)

FIRST = fixture("m1", "Arsenal", "Chelsea")


def _seen(incident: str, number: int, side: ev.Side = ev.Side.HOME) -> ev.MatchIncidentData:
    return ev.MatchIncidentData(
        incident_id=incident, revision=1, kind=ev.IncidentKind.GOAL, side=side, minute=number
    )


def _snapshot(
    score: tuple[int, int],
    incidents: list[ev.MatchIncidentData],
    number: int,
    stage: ev.Period = ev.Period.SECOND_HALF,
    **more: Any,
) -> ev.MatchSnapshot:
    data = ev.MatchSnapshotData(
        as_of=at(number),
        period=stage,
        minute=min(number, 120),
        home_score=score[0],
        away_score=score[1],
        incidents=incidents,
    )
    return ev.MatchSnapshot(**context("m1", at(number), **more), data=data)


def _score(world: World) -> tuple[int, int]:
    return world.matches["m1"].home_score, world.matches["m1"].away_score


def test_a_snapshot_sent_again_says_nothing_new() -> None:
    world = world_after(FIRST, _snapshot((1, 0), [_seen("a", 12)], 30))
    world.take_changes()

    assert fold(world, _snapshot((1, 0), [_seen("a", 12)], 30)) == ()
    assert world.take_changes() == []


def test_a_goal_told_again_under_a_new_event_id_is_one_goal() -> None:
    world = world_after(FIRST, goal("m1", "a", 12))

    assert fold(world, goal("m1", "a", 12)) == ()
    assert _score(world) == (1, 0)


def test_a_goal_told_again_under_a_new_incident_id_goes_with_the_next_snapshot() -> None:
    world = world_after(FIRST, goal("m1", "a", 12), goal("m1", "a2", 12))

    fold(world, _snapshot((1, 0), [_seen("a2", 12)], 15))

    assert _score(world) == (1, 0)
    assert world.matches["m1"].quality is Quality.FRESH


def test_two_bookings_in_one_minute_are_two() -> None:
    world = world_after(
        FIRST,
        goal("m1", "x", 40, kind=ev.IncidentKind.RED),
        goal("m1", "y", 40, kind=ev.IncidentKind.RED),
    )

    assert world.matches["m1"].home_reds == 2


def test_a_goal_cancelled_by_the_video_referee_is_taken_back() -> None:
    world = world_after(FIRST, goal("m1", "a", 12))

    fold(world, goal("m1", "a", 12, revision=2, op=ev.Operation.RETRACT, time=at(14)))

    assert _score(world) == (0, 0)


def test_a_goal_that_a_revision_turns_into_a_video_review_is_taken_back() -> None:
    world = world_after(FIRST, goal("m1", "a", 12))

    fold(world, goal("m1", "a", 12, revision=2, kind=ev.IncidentKind.VAR, time=at(14)))

    assert _score(world) == (0, 0)


def test_a_goal_cancelled_by_vanishing_from_the_snapshot_is_taken_back() -> None:
    world = world_after(FIRST, goal("m1", "a", 12))

    fold(world, _snapshot((0, 0), [], 15))
    late = fold(world, goal("m1", "a", 12, time=at(13)))

    assert _score(world) == (0, 0)
    assert late == ()


def test_a_goal_created_again_with_another_minute_is_one_goal() -> None:
    world = world_after(FIRST, goal("m1", "a", 12), _snapshot((1, 0), [_seen("b", 13)], 15))

    assert _score(world) == (1, 0)
    assert world.matches["m1"].quality is Quality.FRESH


def test_a_goal_inserted_late_counts_from_its_own_minute() -> None:
    world = world_after(FIRST, goal("m1", "b", 50, ev.Side.AWAY), goal("m1", "a", 12, time=at(55)))

    assert _score(world) == (1, 1)
    assert world.matches["m1"].minute == 50


def test_the_minute_goes_back_from_stoppage_time_to_the_second_half() -> None:
    stoppage = ev.ClockTickData(minute=45, stoppage=3)
    world = world_after(FIRST, ev.ClockTick(**context("m1", at(48)), data=stoppage))

    fold(world, minute("m1", 46, at(63)))

    assert world.matches["m1"].minute == 46


def test_the_bet_is_on_the_score_after_ninety_minutes_also_in_extra_time() -> None:
    world = world_after(
        FIRST,
        goal("m1", "a", 12),
        goal("m1", "b", 88, ev.Side.AWAY),
        period("m1", ev.Period.EXTRA_TIME, (1, 1), at(115)),
    )

    fold(world, goal("m1", "c", 105, time=at(130)))
    fold(world, _snapshot((2, 1), [_seen("a", 12), _seen("b", 88, ev.Side.AWAY), _seen("c", 105)],
                          131, ev.Period.EXTRA_TIME))  # fmt: skip

    match = world.matches["m1"]
    assert (match.status, match.minute, match.degraded) == ("live", 90, False)
    assert _score(world) == (1, 1)
    assert columns(world, "m1", "finished") == [1.0]


def test_a_shoot_out_does_not_change_the_result() -> None:
    world = world_after(FIRST, period("m1", ev.Period.EXTRA_TIME, (0, 0), at(110)))

    fold(world, period("m1", ev.Period.PENALTIES, (1, 1), at(145)))
    fold(world, goal("m1", "p", 120, time=at(150)))
    data = ev.MatchFinishedData(
        home_score=0, away_score=0, home_score_extra_time=1, away_score_extra_time=1
    )
    fold(world, ev.MatchFinished(**context("m1", at(160)), data=data))

    assert _score(world) == (0, 0)
    assert world.matches["m1"].finished
    assert world.teams["england/arsenal"].goals_for < 1.35
