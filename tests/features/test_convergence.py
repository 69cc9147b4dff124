"""Whatever the order of what feeds say, the end is that of the clean log."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from features import World, fold
from schemas import events as ev
from schemas.errors import RejectedEventError
from tests.features.story import (
    at,
    changed,
    context,
    day,
    fixture,
    full_time,
    goal,
    odds,
    period,
    statistics,
    stored,
    vector,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

# A story takes tens of milliseconds, and a shorter permutation of it says no more.
_FEW = settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.generate))

_TEAMS = ("Arsenal", "Burnley", "Chelsea", "Derby")
_ROUNDS = (((0, 1), (2, 3)), ((2, 0), (3, 1)), ((0, 3), (1, 2)), ((1, 0), (3, 2)))


def _match(number: int, kick_off: dt.datetime) -> list[ev.Event]:
    """The clean log of one match: prices, two goals, half-time, result, counts."""
    name = f"m{number}"
    draw = random.Random(number)
    score = draw.randrange(4), draw.randrange(3)

    def after(minutes: float) -> dt.datetime:
        return kick_off + dt.timedelta(minutes=minutes)

    prices = (1.5 + draw.random() * 2, 3.4, 2.5 + draw.random() * 3)
    closing = (prices[0] * 1.1, 3.3, prices[2] * 0.9)
    return [
        odds(name, prices, after(-600), phase=ev.OddsPhase.OPENING),
        odds(name, closing, after(-1), phase=ev.OddsPhase.CLOSING),
        goal(name, "a", 12, time=after(12)),
        goal(name, "b", 30, ev.Side.AWAY, time=after(30)),
        goal(name, "b", 30, ev.Side.AWAY, time=after(32), revision=2, op=ev.Operation.RETRACT),
        period(name, ev.Period.HALF_TIME, (1, 0), after(47)),
        full_time(name, *score, after(110)),
        statistics(name, (draw.randrange(4, 20), draw.randrange(4, 20)), after(111)),
    ]


def _season(days_apart: float = 3.0) -> tuple[list[ev.Event], list[ev.Event]]:
    """Fixtures, and a clean log of four rounds and their days, all within 21 days."""
    fixtures: list[ev.Event] = []
    log: list[ev.Event] = []
    for number, pairs in enumerate(_ROUNDS):
        log.append(day(at(days=days_apart * number).date()))
        for place, (home, away) in enumerate(pairs):
            kick_off = at(minutes=75.0 * place, days=days_apart * number)
            name = 10 * number + place
            fixtures.append(
                fixture(f"m{name}", _TEAMS[home], _TEAMS[away], kick_off, time=at(days=-7))
            )
            log += _match(name, kick_off)
    log.append(day(at(days=days_apart * 4).date()))
    return fixtures, sorted(log, key=lambda event: event.time)


def _corrections() -> list[ev.Event]:
    """Results corrected days later, one match awarded, one result taken back by abandonment."""
    return [
        full_time("m0", 0, 5, at(days=2)),
        full_time("m11", 3, 3, at(days=9)),
        statistics("m20", (30, 1), at(days=8)),
        changed("m1", ev.FixtureStatus.AWARDED, at(days=5), home_score=3, away_score=0),
        changed("m10", ev.FixtureStatus.ABANDONED, at(days=6)),
        odds("m21", (1.2, 7.0, 11.0), at(days=6, minutes=74), phase=ev.OddsPhase.CLOSING),
    ]


def _troubles() -> list[ev.Event]:
    """Two sources that disagree and fall silent, early and moved kick-offs, play called off."""
    silent = ev.FeedSilentData(silent_source="two")
    alive = ev.FeedHeartbeatData()
    status = ev.FixtureStatus
    return [
        # The other source sees a goal that nobody else does, and is gone for an hour.
        goal("m0", "z", 12, ev.Side.AWAY, time=at(11), source="two"),
        period("m0", ev.Period.HALF_TIME, (1, 1), at(47), source="two"),
        ev.FeedSilent(**context("", at(50), source="clock"), data=silent),
        ev.FeedHeartbeat(**context("", at(100), source="two"), data=alive),
        full_time("m0", 4, 4, at(112), source="two"),
        changed("m1", status.ABANDONED, at(75 + 60)),
        goal("m1", "z", 5, time=at(75 + 5), source="two"),
        # A quarter of an hour early; the prices since then hold the score.
        odds("m10", (2.0, 3.4, 4.0), at(-40, days=3), "pin"),
        odds("m10", (2.1, 3.4, 3.9), at(-20, days=3), "pin"),
        period("m10", ev.Period.FIRST_HALF, None, at(-15, days=3)),
        odds("m10", (1.3, 5.0, 9.0), at(-5, days=3), "pin"),
        odds("m10", (1.2, 6.0, 12.0), at(20, days=3), "pin"),
        # Two hours late; what was quoted meanwhile is from before play.
        changed("m20", status.SCHEDULED, at(-30, days=6), kick_off=at(120, days=6)),
        odds("m20", (2.6, 3.3, 2.8), at(60, days=6), "pin"),
        # Called off, and played two days later.
        changed("m21", status.POSTPONED, at(-300, days=6)),
        changed("m21", status.SCHEDULED, at(-200, days=6), kick_off=at(75, days=8)),
        full_time("m21", 5, 1, at(185, days=8)),
        ev.FeedSilent(
            **context("", at(30, days=9), source="clock"),
            data=ev.FeedSilentData(silent_source="test"),
        ),
        ev.FeedHeartbeat(**context("", at(70, days=9)), data=alive),
    ]


FIXTURES, CLEAN = _season()
_EXTRA_FIXTURE = fixture("later", "Arsenal", "Chelsea", at(days=30), time=at(days=-7))


def _told(events: Iterable[ev.Event]) -> World:
    world = World()
    for event in (*FIXTURES, _EXTRA_FIXTURE, *events):
        for name in fold(world, event):
            vector(world, name)
    return world


def _ends(world: World) -> dict[bytes, bytes]:
    """All that is stored, to the byte."""
    return stored(world)


def _shuffled(data: st.DataObject, events: list[ev.Event]) -> list[ev.Event]:
    return data.draw(st.permutations(events))


@_FEW
@given(st.data())
def test_any_order_of_the_clean_log_ends_in_the_same_state(data: st.DataObject) -> None:
    clean = _ends(_told(CLEAN))

    muddled = _ends(_told(_shuffled(data, CLEAN)))

    assert muddled == clean


@_FEW
@given(st.data())
def test_duplicates_and_corrections_in_any_order_end_in_the_state_of_the_corrected_log(
    data: st.DataObject,
) -> None:
    story = sorted([*CLEAN, *_corrections()], key=lambda event: event.time)
    corrected = _ends(_told(story))
    again = data.draw(st.lists(st.sampled_from(story), max_size=20))
    copies = [msgspec.structs.replace(event, id=f"again-{n}") for n, event in enumerate(again)]

    muddled = _ends(_told(_shuffled(data, [*story, *copies])))

    assert muddled == corrected


@_FEW
@given(st.data())
def test_silences_moved_kick_offs_and_a_second_source_in_any_order_end_in_the_same_state(
    data: st.DataObject,
) -> None:
    story = sorted([*CLEAN, *_troubles()], key=lambda event: event.time)

    muddled = _ends(_told(_shuffled(data, story)))

    assert muddled == _ends(_told(story))


@_FEW
@given(st.data(), st.integers(1, 80))
def test_stopping_and_going_on_in_the_middle_of_corrections_changes_nothing(
    data: st.DataObject, cut: int
) -> None:
    story = _shuffled(data, [*CLEAN, *_corrections()])
    whole = _ends(_told(story))
    before = stored(_told(story[:cut]))

    rest = World.load(before)
    for event in story[cut:]:
        fold(rest, event)

    assert stored(rest, before) == whole


def test_a_corrected_result_gives_the_ratings_of_the_right_one_told_at_once() -> None:
    right = [
        full_time(e.subject, 0, 5, e.time)
        if isinstance(e, ev.MatchFinished) and e.subject == "m0"
        else e
        for e in CLEAN
    ]
    expected = _told(right)

    corrected = _told([*CLEAN, full_time("m0", 0, 5, at(days=11))])

    assert corrected.teams == expected.teams
    assert corrected.pools["england"].home_advantage == expected.pools["england"].home_advantage
    assert vector(corrected, "later").tobytes() == vector(expected, "later").tobytes()


def test_the_open_matches_of_the_teams_revised_are_forecast_again() -> None:
    world = _told(CLEAN)

    ids = fold(world, full_time("m0", 0, 5, at(days=11)))

    assert ids == ("m0", "later")


def test_a_correction_after_twenty_one_days_is_recorded_and_counted_and_rates_nothing() -> None:
    world = _told([*CLEAN, day(at(days=22).date())])
    elo = world.teams["england/arsenal"].elo

    ids = fold(world, full_time("m0", 0, 5, at(days=22)))

    assert ids == ("m0",)
    assert (world.matches["m0"].home_score, world.matches["m0"].away_score) == (0, 5)
    assert world.teams["england/arsenal"].elo == elo
    assert world.pools["england"].too_late == 1
    assert fold(world, full_time("m0", 0, 5, at(days=22))) == ()


def test_a_result_that_came_too_late_is_counted_once_whatever_follows_it() -> None:
    world = _told([*CLEAN, day(at(days=22).date()), full_time("m0", 0, 5, at(days=22))])

    for shots in range(5, 8):
        fold(world, statistics("m0", (shots, 5), at(days=22, minutes=shots)))

    assert world.pools["england"].too_late == 1


def test_a_correction_on_the_twenty_first_day_still_counts() -> None:
    world = _told([*CLEAN, day(at(days=21).date())])
    elo = world.teams["england/arsenal"].elo

    fold(world, full_time("m0", 0, 5, at(days=21)))

    assert world.teams["england/arsenal"].elo < elo
    assert world.pools["england"].too_late == 0


def test_what_is_kept_for_folding_again_goes_after_twenty_one_days() -> None:
    world = _told(CLEAN)
    fields = stored(world)
    assert sum(field.startswith(b"c:") for field in fields) == 4 + 4 * 4

    for passed in range(13, 45):
        fold(world, day(at(days=passed).date()))
    fields = stored(world, fields)

    assert not any(field.startswith(b"c:") for field in fields)
    assert sorted(world.matches) == ["later"]


def test_a_result_moved_to_another_day_is_folded_in_its_place() -> None:
    moved = changed("m0", ev.FixtureStatus.SCHEDULED, at(-5), kick_off=at(days=4))
    played = full_time("m0", 2, 0, at(days=4, minutes=110))
    expected = _told(sorted([moved, *CLEAN, played], key=lambda event: event.time))

    late = _told([*CLEAN, played, moved])

    assert late.teams == expected.teams


def test_a_late_result_from_before_the_days_are_told_is_no_error() -> None:
    world = _told(event for event in CLEAN if not isinstance(event, ev.ClockTick))

    for event in CLEAN:
        if isinstance(event, ev.ClockTick):
            fold(world, event)

    assert stored(world) == _ends(_told(CLEAN))


def test_a_refused_event_in_between_leaves_no_trace() -> None:
    world = _told(CLEAN)

    with pytest.raises(RejectedEventError, match="unknown"):
        fold(world, full_time("unknown", 1, 0))

    assert stored(world) == _ends(_told(CLEAN))
