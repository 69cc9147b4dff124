from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING, Any

import pytest
import redis

import faust_redis
from features import fold
from producers import simulate
from producers.clock import Clock, Lease, Live, Watch, decide, run
from producers.publish import publish
from schemas import events
from schemas.keys import EVENTS, stream
from tests.producers.test_spoil import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

KICK_OFF = dt.datetime(2025, 1, 18, 15, tzinfo=dt.UTC)
MATCH = "sim1-2024-25-a-b-1"
SILENT_AFTER = dt.timedelta(minutes=10)
HEAD: dict[str, Any] = {"source": "feed", "subject": MATCH, "partitionkey": "simulation"}


def minutes(count: float) -> dt.timedelta:
    return dt.timedelta(minutes=count)


def ticks_at(passed: float, **changes: object) -> list[tuple[int | None, int]]:
    """What a clock says of one match so many minutes after kick-off, its feed being alive."""
    now = KICK_OFF + minutes(passed)
    match = Live(MATCH, "simulation", "feed", KICK_OFF, **changes)  # type: ignore[arg-type]
    told = decide(now, [match], {("simulation", "feed"): now}, [], SILENT_AFTER)
    return [
        (event.data.minute, event.data.stoppage)
        for event in told
        if isinstance(event, events.ClockTick)
    ]


@pytest.mark.parametrize(
    ("passed", "minute"),
    [
        (0, [(0, 0)]),
        (0.99, [(0, 0)]),
        (12.5, [(12, 0)]),
        (45, [(45, 0)]),
        (46, [(45, 1)]),
        (47, []),
        (61.9, []),
        (62, [(45, 0)]),
        (63, [(46, 0)]),
        (107, [(90, 0)]),
        (110, [(90, 3)]),
        (170, [(90, 30)]),
        (181, []),
        (-1, []),
    ],
)
def test_where_no_half_time_is_told_minutes_are_counted_by_the_usual_one(
    passed: float, minute: list[tuple[int, int]]
) -> None:
    assert ticks_at(passed) == minute


def test_halves_that_are_told_are_counted_from_where_they_began() -> None:
    half_time, second = KICK_OFF + minutes(50), KICK_OFF + minutes(66)

    assert ticks_at(49, half_time_at=half_time) == [(45, 4)]
    assert ticks_at(60, half_time_at=half_time) == []
    assert ticks_at(70, half_time_at=half_time, second_half_at=second) == [(49, 0)]


def test_a_match_that_is_over_is_not_ticked() -> None:
    assert ticks_at(60, ended=True) == []


def test_two_clocks_that_look_at_different_seconds_write_the_same_events() -> None:
    match = Live(MATCH, "simulation", "feed", KICK_OFF)
    heard = {("simulation", "feed"): KICK_OFF + minutes(12)}

    one, other, next_one = (
        decide(KICK_OFF + minutes(passed), [match], heard, ["simulation"], SILENT_AFTER)
        for passed in (12.1, 12.9, 13.0)
    )

    assert one == other
    assert {event.id for event in one} & {event.id for event in next_one} == {
        "simulation:day:2025-01-18"
    }


def test_a_pools_day_begins_at_midnight_in_london() -> None:
    summer = dt.datetime(2025, 6, 30, 23, 5, tzinfo=dt.UTC)

    (day,) = decide(summer, [], {}, ["england"], SILENT_AFTER)

    assert isinstance(day, events.ClockTick)
    assert day.data.day == dt.date(2025, 7, 1)
    assert day.time == dt.datetime(2025, 6, 30, 23, tzinfo=dt.UTC)


def test_a_silent_feed_is_named_once_and_its_matches_are_not_ticked() -> None:
    quiet = Live(MATCH, "simulation", "quiet", KICK_OFF)
    loud = Live("sim1-2024-25-c-d-1", "simulation", "feed", KICK_OFF)
    last = KICK_OFF + minutes(5)

    def told(passed: float) -> list[events.AnyEvent]:
        now = KICK_OFF + minutes(passed)
        heard = {("simulation", "quiet"): last, ("simulation", "feed"): now}
        return decide(now, [quiet, loud], heard, [], SILENT_AFTER)

    assert [event.subject for event in told(15)] == [MATCH, loud.match_id]
    silence, tick = told(16)
    assert isinstance(silence, events.FeedSilent)
    assert silence.data == events.FeedSilentData(silent_source="quiet", last_heard=last)
    assert silence.time == last + SILENT_AFTER
    assert tick.subject == loud.match_id
    assert told(20)[0] == silence


def story() -> list[events.AnyEvent]:
    return [
        events.MatchStarted(**HEAD, id="1", time=KICK_OFF, data=events.MatchStartedData()),
        events.MatchPeriod(
            **HEAD,
            id="2",
            time=KICK_OFF + minutes(48),
            data=events.MatchPeriodData(period=events.Period.HALF_TIME),
        ),
        events.MatchPeriod(
            **HEAD,
            id="3",
            time=KICK_OFF + minutes(63),
            data=events.MatchPeriodData(period=events.Period.SECOND_HALF),
        ),
        events.MatchFinished(
            **HEAD,
            id="4",
            time=KICK_OFF + minutes(113),
            data=events.MatchFinishedData(home_score=0, away_score=0),
        ),
    ]


def test_a_watch_follows_a_match_from_start_to_end() -> None:
    watch = Watch()
    states = []

    for event in story():
        watch.hear(event, event.time)
        match = watch.matches[MATCH]
        states.append((match.half_time_at, match.second_half_at, match.ended))

    half_time, second = KICK_OFF + minutes(48), KICK_OFF + minutes(63)
    assert states == [
        (None, None, False),
        (half_time, None, False),
        (half_time, second, False),
        (half_time, second, True),
    ]
    watch.hear(story()[0], KICK_OFF + minutes(120))
    assert watch.matches[MATCH].ended
    watch.forget(KICK_OFF + minutes(181))
    assert watch.matches == {}


@pytest.mark.parametrize("status", ["postponed", "cancelled", "abandoned", "awarded"])
def test_a_match_called_off_is_over_until_it_is_started_again(status: str) -> None:
    watch = Watch()
    start = story()[0]
    off = events.FixtureChanged(
        **HEAD,
        id="off",
        time=KICK_OFF + minutes(20),
        data=events.FixtureChangedData(status=events.FixtureStatus(status)),
    )
    again = events.MatchStarted(
        **HEAD, id="again", time=KICK_OFF + minutes(40), data=events.MatchStartedData()
    )

    ended = []
    for event in (start, off, again):
        watch.hear(event, event.time)
        ended.append(watch.matches[MATCH].ended)

    assert ended == [False, True, False]


def test_a_gap_and_the_clock_itself_are_no_signs_of_life() -> None:
    watch = Watch()
    head = {**HEAD, "subject": ""}
    gap = events.FeedStatus(
        **head,
        id="g",
        time=KICK_OFF,
        data=events.FeedStatusData(state=events.FeedState.GAP),
    )
    alive = events.FeedHeartbeat(**head, id="h", time=KICK_OFF, data=events.FeedHeartbeatData())
    tick = events.ClockTick(
        **{**HEAD, "source": "clock"},
        id="t",
        time=KICK_OFF,
        data=events.ClockTickData(minute=1),
    )

    for event in (gap, tick):
        watch.hear(event, KICK_OFF)
    assert watch.last_heard == {}
    watch.hear(alive, KICK_OFF)
    watch.hear(alive, KICK_OFF - minutes(1))
    assert watch.last_heard == {("simulation", "feed"): KICK_OFF}


def test_a_silence_makes_the_matches_of_its_feed_stale() -> None:
    start = dt.date(2024, 8, 9)
    told = []
    for event in simulate.read(1, start=start):
        told.append(event)
        if isinstance(event, events.MatchStarted):
            break
    world, _ = folded(told)
    begun = told[-1]
    match = Live(begun.subject, "simulation", "simulate", begun.time)

    (silence,) = decide(begun.time + minutes(11), [match], {}, [], SILENT_AFTER)
    fold(world, silence)

    assert world.matches[begun.subject].stale


def test_a_feed_that_speaks_again_makes_its_matches_fresh_again() -> None:
    start = dt.date(2024, 8, 9)
    told = []
    for event in simulate.read(1, start=start):
        told.append(event)
        if isinstance(event, events.MatchStarted):
            break
    world, _ = folded(told)
    begun, watch = told[-1], Watch()
    watch.hear(begun, begun.time)
    said = []
    for passed in (11, 12, 30):
        now = begun.time + minutes(passed)
        if passed == 12:
            goal = events.MatchIncident(
                id="goal",
                source=begun.source,
                subject=begun.subject,
                partitionkey=begun.partitionkey,
                time=now,
                data=events.MatchIncidentData(
                    incident_id="1",
                    revision=1,
                    kind=events.IncidentKind.GOAL,
                    side=events.Side.HOME,
                    minute=12,
                ),
            )
            watch.hear(goal, now)
            fold(world, goal)
        due = decide(
            now, watch.matches.values(), watch.last_heard, [], SILENT_AFTER, watch.spoke_again
        )
        for event in due:
            watch.hear(event, now)
            fold(world, event)
        said.append(world.matches[begun.subject].stale)

    assert said == [True, False, True]


def test_another_sources_start_does_not_begin_the_match_again() -> None:
    watch, start = Watch(), story()[0]
    other = events.MatchStarted(
        **{**HEAD, "source": "other"},
        id="late",
        time=KICK_OFF + minutes(15),
        data=events.MatchStartedData(),
    )

    watch.hear(start, start.time)
    watch.hear(other, other.time)

    assert watch.matches[MATCH].started_at == start.time


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as opened:
        yield opened


def test_one_leads_until_it_goes_or_its_lease_is_over(client: redis.Redis, namespace: str) -> None:
    one, other = (Lease(client, f"{namespace}:lease", 60.0) for _ in range(2))

    assert [one.take(), other.take(), one.take()] == [True, False, True]
    other.give_back()
    assert not other.take()
    one.give_back()
    assert other.take()
    client.delete(f"{namespace}:lease")
    assert one.take()


@pytest.fixture
def publisher(redis_url: str, namespace: str) -> Iterator[faust_redis.Publisher]:
    opened = faust_redis.Publisher(redis_url, namespace, partitions=1)
    yield opened
    opened.close()


def _clock(client: redis.Redis, publisher: faust_redis.Publisher, namespace: str) -> Clock:
    return Clock(
        client,
        publisher,
        namespace=namespace,
        partitions=1,
        silent_after=SILENT_AFTER,
        lease_s=60.0,
    )


def test_a_clock_that_takes_over_repeats_nothing_and_misses_nothing(
    client: redis.Redis, publisher: faust_redis.Publisher, namespace: str
) -> None:
    now = dt.datetime.now(dt.UTC)
    start = events.MatchStarted(
        **HEAD, id="1", time=now - minutes(20.2), data=events.MatchStartedData()
    )
    list(publish([start], publisher))
    one, other = (_clock(client, publisher, namespace) for _ in range(2))

    first = [one.look(now), other.look(now), one.look(now)]
    one.stop()
    second = [other.look(now), one.look(now), other.look(now + minutes(1))]

    assert first == [2, 0, 0]
    # The new leader says the same again, which is known by its ids, then the next minute.
    assert second[1:] == [0, 1]
    raw: Any = client.xrange(stream(namespace, 0, EVENTS))
    told = [events.decode_event(fields[b"e"]) for _, fields in raw]
    minutes_told = [
        event.data.minute
        for event in told
        if isinstance(event, events.ClockTick) and event.data.minute is not None
    ]
    assert minutes_told == [20, 21]
    assert len(told) == 4


def test_what_cannot_be_read_does_not_stop_the_clock(
    client: redis.Redis, publisher: faust_redis.Publisher, namespace: str
) -> None:
    publisher.assign("simulation")
    publisher.publish(0, [(b"x", b"\xff"), (b"y", b"{}")])

    assert _clock(client, publisher, namespace).look(dt.datetime.now(dt.UTC)) == 1


def test_a_clock_runs_until_it_is_stopped_and_gives_its_lease_back(
    client: redis.Redis, publisher: faust_redis.Publisher, namespace: str
) -> None:
    publisher.assign("simulation")
    stop = threading.Event()
    counts: list[int] = []
    clock = _clock(client, publisher, namespace)
    thread = threading.Thread(target=lambda: counts.append(run(clock, stop)))
    thread.start()
    while not client.xlen(stream(namespace, 0, EVENTS)):
        stop.wait(0.05)
    stop.set()
    thread.join(30)

    assert counts == [1]
    assert client.get(f"{namespace}:clock:leader") is None
