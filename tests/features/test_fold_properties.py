from __future__ import annotations

import datetime as dt
import math
from typing import Any

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features import World, fold
from schemas import events as ev
from schemas.errors import RejectedEventError
from tests.features.story import T0, at, context, day, fixture, full_time, stored, vector

_POOLS = {"england": ("Arsenal", "Chelsea", "Fulham"), "spain": ("Betis", "Cádiz", "Getafe")}
_FIXTURES = [
    fixture(f"{pool}-{number}", home, away, at(days=2.0 * number), pool=pool, time=at(days=-7))
    for pool, (a, b, c) in _POOLS.items()
    for number, (home, away) in enumerate([(a, b), (b, c), (c, a)])
]
_NAMES = [(event.subject, event.partitionkey) for event in _FIXTURES]

# Few instants, so that many events share one.
times = st.sampled_from([at(offset) for offset in (-90, -60, 0, 15, 45, 47, 80, 110, 300)])
goals = st.integers(0, 9)
minutes = st.integers(0, 120)


def _made(
    event_type: type[ev.Event], data: type, /, **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy[ev.Event]:
    """Events of a type about any of the matches, at any time, from one of two feeds."""

    def build(
        name: tuple[str, str], time: dt.datetime, source: str, values: dict[str, Any]
    ) -> ev.Event:
        subject, pool = name
        return event_type(**context(subject, time, pool, source=source), data=data(**values))  # type: ignore[call-arg]

    return st.builds(
        build,
        st.sampled_from(_NAMES),
        times,
        st.sampled_from(["one", "two"]),
        st.fixed_dictionaries(fields),
    )


_incident_fields: dict[str, st.SearchStrategy[Any]] = {
    "incident_id": st.sampled_from("abc"),
    "revision": st.integers(1, 11),
    "op": st.sampled_from(ev.Operation),
    "kind": st.sampled_from(ev.IncidentKind),
    "side": st.sampled_from(ev.Side),
    "minute": minutes,
}
incidents = _made(ev.MatchIncident, ev.MatchIncidentData, **_incident_fields)
snapshots = _made(
    ev.MatchSnapshot,
    ev.MatchSnapshotData,
    as_of=times,
    period=st.sampled_from(ev.Period),
    minute=minutes,
    home_score=goals,
    away_score=goals,
    incidents=st.lists(st.builds(ev.MatchIncidentData, **_incident_fields), max_size=3),
)
periods = st.one_of(
    _made(
        ev.MatchPeriod,
        ev.MatchPeriodData,
        period=st.sampled_from(ev.Period),
        home_score=goals,
        away_score=goals,
    ),
    _made(ev.MatchPeriod, ev.MatchPeriodData, period=st.sampled_from(ev.Period)),
    _made(ev.MatchStarted, ev.MatchStartedData),
)
counts = _made(
    ev.MatchStatistics,
    ev.MatchStatisticsData,
    home_shots=st.none() | st.integers(0, 40),
    away_shots=st.none() | st.integers(0, 40),
    home_corners=st.integers(0, 20),
    away_corners=st.integers(0, 20),
)
prices = st.floats(1.001, 1000.0)
markets = st.one_of(
    _made(
        ev.OddsChanged,
        ev.OddsChangedData,
        bookmaker=st.sampled_from(["avg", "PS", "x"]),
        home=prices,
        draw=prices,
        away=prices,
        phase=st.sampled_from(ev.OddsPhase),
        market_version=st.integers(0, 3),
    ),
    _made(
        ev.OddsSuspended,
        ev.OddsSuspendedData,
        bookmaker=st.sampled_from(["avg", "PS", "x"]),
        market_version=st.integers(0, 3),
    ),
)
ticks = _made(ev.ClockTick, ev.ClockTickData, minute=minutes)
changes = _made(
    ev.FixtureChanged,
    ev.FixtureChangedData,
    status=st.sampled_from(ev.FixtureStatus),
    kick_off=st.none() | st.integers(0, 20).map(lambda days: at(days=days)),
)
results = _made(ev.MatchFinished, ev.MatchFinishedData, home_score=goals, away_score=goals)
feeds = st.one_of(
    _made(ev.FeedHeartbeat, ev.FeedHeartbeatData),
    _made(ev.FeedStatus, ev.FeedStatusData, state=st.sampled_from(ev.FeedState)),
    _made(ev.FeedSilent, ev.FeedSilentData, silent_source=st.sampled_from(["one", "two"])),
)
days = st.builds(
    lambda days, pool: day(T0.date() + dt.timedelta(days=days), pool),
    st.integers(0, 12),
    st.sampled_from(sorted(_POOLS)),
)
about_one_match = st.one_of(incidents, snapshots, periods, counts, markets, ticks, feeds)
anything = st.one_of(about_one_match, changes, results, days, st.sampled_from(_FIXTURES))


def _announced() -> World:
    world = World()
    for event in _FIXTURES:
        fold(world, event)
    return world


def _fold_all(world: World, events: list[ev.Event]) -> list[tuple[ev.Event, tuple[str, ...]]]:
    """Fold what is not refused; returns it with the ids it gave."""
    taken = []
    for event in events:
        try:
            ids = fold(world, event)
        except RejectedEventError:
            continue
        # As the agent does; what a world remembers of vectors must not show later.
        for name in ids:
            vector(world, name)
        taken.append((event, ids))
    return taken


@given(st.lists(anything, max_size=25))
def test_any_event_again_changes_nothing(events: list[ev.Event]) -> None:
    world = _announced()
    taken = _fold_all(world, events)
    world.take_changes()

    again = _fold_all(world, [event for event, _ in taken])

    assert world.take_changes() == []
    assert all(ids == () for _, ids in again)


@given(st.lists(about_one_match, max_size=20), st.data())
def test_the_order_in_which_a_matchs_events_come_does_not_matter(
    events: list[ev.Event], data: st.DataObject
) -> None:
    # One result: which of two is folded into the ratings does depend on the order.
    name, pool = _NAMES[0]
    about = [msgspec.structs.replace(e, subject=name, partitionkey=pool) for e in events]
    story = [*about, full_time(name, 2, 1, at(110), pool=pool)]
    shuffled = data.draw(st.permutations(story))
    told, retold = _announced(), _announced()

    _fold_all(told, story)
    _fold_all(retold, shuffled)

    field = b"m:" + name.encode()
    assert stored(told)[field] == stored(retold)[field]


@given(st.lists(anything, max_size=25), st.integers(0, 25))
def test_going_on_from_stored_state_equals_never_having_stopped(
    events: list[ev.Event], cut: int
) -> None:
    whole, start = _announced(), _announced()
    expected = _fold_all(whole, events)

    before = _fold_all(start, events[:cut])
    fields = stored(start)
    rest = World.load(fields)
    after = _fold_all(rest, events[cut:])

    assert [ids for _, ids in before + after] == [ids for _, ids in expected]
    assert stored(rest, fields) == stored(whole)
    for name in sorted(whole.matches):
        assert vector(rest, name).tobytes() == vector(whole, name).tobytes()


@given(st.lists(anything, max_size=25))
def test_only_the_matches_named_have_other_vectors(events: list[ev.Event]) -> None:
    world = _announced()

    for event in events:
        before = {
            name: vector(world, name).tobytes() for name, _ in _NAMES if name in world.matches
        }
        over = {name for name in before if world.matches[name].over}
        taken = _fold_all(world, [event])
        named = set(taken[0][1]) if taken else set()
        for name in (before.keys() & world.matches.keys()) - named - over:
            assert vector(world, name).tobytes() == before[name]


@given(st.lists(anything, max_size=25))
def test_quality_and_status_change_only_where_named(events: list[ev.Event]) -> None:
    world = _announced()

    def seen(name: str) -> tuple[object, ...]:
        match = world.matches[name]
        return match.quality, match.status, match.kick_off

    for event in events:
        before = {name: seen(name) for name in sorted(world.matches)}
        taken = _fold_all(world, [event])
        named = set(taken[0][1]) if taken else set()
        for name in before.keys() & world.matches.keys() - named:
            assert seen(name) == before[name]


@given(st.lists(anything, max_size=25))
def test_ids_come_in_order_and_belong_to_matches_that_are_kept(events: list[ev.Event]) -> None:
    world = _announced()

    taken = _fold_all(world, events)

    for event, ids in taken:
        rest = ids[1:] if ids and ids[0] == event.subject else ids
        assert list(rest) == sorted(set(rest))
        assert len(set(ids)) == len(ids)


@given(st.lists(anything, max_size=30))
def test_a_vector_is_finite_or_unknown_and_never_infinite(events: list[ev.Event]) -> None:
    world = _announced()

    _fold_all(world, events)

    for name in world.matches:
        assert not np.isinf(vector(world, name)).any()


@given(st.lists(anything, max_size=25))
def test_nothing_of_another_pool_reaches_a_match(events: list[ev.Event]) -> None:
    mine = [event for event in events if event.partitionkey == "england"]
    together, alone = _announced(), _announced()

    _fold_all(together, events)
    _fold_all(alone, mine)

    for name, pool in _NAMES:
        if pool == "england" and name in alone.matches:
            assert vector(together, name).tobytes() == vector(alone, name).tobytes()


@given(st.lists(st.one_of(results, days), max_size=20))
def test_elo_points_are_won_from_others_and_never_made(events: list[ev.Event]) -> None:
    world = _announced()

    _fold_all(world, events)

    for pool, teams in _POOLS.items():
        ratings = [team.elo for team in world.teams.values() if team.pool == pool]
        assert math.isclose(sum(ratings), 1500.0 * len(teams), abs_tol=1e-6)


@given(goals, goals)
def test_on_neutral_ground_home_and_away_are_mirrored(home: int, away: int) -> None:
    def rated(first: str, second: str, score: tuple[int, int]) -> dict[str, float]:
        world = World()
        fold(world, fixture("m", first, second, neutral=True))
        fold(world, full_time("m", *score))
        return {team.name: team.elo for team in world.teams.values()}

    there, back = rated("A", "B", (home, away)), rated("B", "A", (away, home))

    assert there["A"] == back["A"] or math.isclose(there["A"], back["A"], rel_tol=1e-12)
    assert math.isclose(there["B"], back["B"], rel_tol=1e-12)
