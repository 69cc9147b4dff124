from __future__ import annotations

import datetime as dt
import math
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
import redis

from faust_redis.errors import BackPressureError, ServerUnavailableError
from faust_redis.publisher import Publisher
from producers import simulate
from producers.pace import Pace
from producers.publish import Acknowledgement, promote, publish
from schemas import keys
from schemas.errors import SettingsError
from schemas.events import AnyEvent, ClockTick, ClockTickData, decode_event, encode_event

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from faust_redis.dialogue import Item

PARTITIONS = 3
NOON = dt.datetime(2025, 1, 18, 12, tzinfo=dt.UTC)


class Stopwatch(threading.Event):
    """A stop whose waits take no time but are counted, and the clock that goes with it."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds += timeout or 0.0
        return self.is_set()

    def read(self) -> float:
        return self.seconds

    def pace(self, speed: float) -> Pace:
        return Pace(speed, stop=self, monotonic=self.read)


class Watched(Publisher):
    """A publisher that notes what it was asked to store, and how often it refused."""

    refusals = 0

    def publish(self, partition: int, items: Sequence[Item]) -> list[str]:
        try:
            positions = super().publish(partition, items)
        except BackPressureError:
            self.refusals += 1
            raise
        self.sizes.append(len(items))
        return positions

    def assign(self, name: str) -> int:
        self.asked.append(name)
        return super().assign(name)

    sizes: list[int]
    asked: list[str]


@pytest.fixture
def publisher(redis_url: str, namespace: str) -> Iterator[Watched]:
    with Watched(redis_url, namespace, partitions=PARTITIONS) as opened:
        opened.sizes, opened.asked = [], []
        yield opened


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as opened:
        yield opened


def _ticks(count: int, *pools: str) -> list[AnyEvent]:
    """One tick a second, the pools in turn."""
    return [
        ClockTick(
            id=f"tick-{second}",
            source="test",
            subject=f"match-{second}",
            time=NOON + dt.timedelta(seconds=second),
            partitionkey=pools[second % len(pools)],
            data=ClockTickData(minute=second % 90),
        )
        for second in range(count)
    ]


def _lines(client: redis.Redis, namespace: str, partition: int) -> list[tuple[str, bytes]]:
    """Position and bytes of every event of a partition."""
    entries: Any = client.xrange(keys.stream(namespace, partition, keys.EVENTS))
    return [(position.decode(), fields[b"e"]) for position, fields in entries]


def _stored(client: redis.Redis, namespace: str) -> list[list[tuple[str, bytes]]]:
    """Position and bytes of every event, by partition."""
    return [_lines(client, namespace, partition) for partition in range(PARTITIONS)]


def test_a_feed_is_stored_whole_in_order_and_acknowledged_where_it_lies(
    publisher: Watched, client: redis.Redis, namespace: str
) -> None:
    feed = list(simulate.read(1, start=dt.date(2024, 8, 9)))

    acknowledged = list(publish(feed, publisher))

    stored = _stored(client, namespace)
    [lines] = [partition for partition in stored if partition]
    assert [raw for _, raw in lines] == [encode_event(event) for event in feed]
    assert [one.position for one in acknowledged] == [position for position, _ in lines]
    assert [one.match_id for one in acknowledged] == [event.subject for event in feed]
    assert max(publisher.sizes) == 512


def test_every_pool_keeps_to_one_partition_and_is_asked_for_once(
    publisher: Watched, client: redis.Redis, namespace: str
) -> None:
    feed = _ticks(3000, "england", "italy", "spain")

    acknowledged = list(publish(feed, publisher))

    pools = {event.subject: event.partitionkey for event in feed}
    homes = {(pools[one.match_id], one.partition) for one in acknowledged}
    assert len(homes) == len({partition for _, partition in homes}) == 3
    assert sorted(publisher.asked) == ["england", "italy", "spain"]
    assert [len(partition) for partition in _stored(client, namespace)] == [1000] * 3


def test_no_partition_runs_ahead_of_another_by_more_than_a_window(publisher: Watched) -> None:
    feed = _ticks(9000, "england", "italy")
    order = {event.id: number for number, event in enumerate(feed)}
    newest = 0

    for acknowledgement in publish(feed, publisher):
        number = order[acknowledgement.event_id]
        assert newest - number < 2048
        newest = max(newest, number)


def test_publishing_again_stores_nothing_and_gives_the_same_positions(
    publisher: Watched, client: redis.Redis, namespace: str
) -> None:
    feed = _ticks(600, "england", "italy")

    first = list(publish(feed, publisher))
    second = list(publish(feed, publisher))

    assert second == first
    assert sum(len(partition) for partition in _stored(client, namespace)) == 600


def test_the_same_id_from_another_source_is_another_event(
    publisher: Watched, client: redis.Redis, namespace: str
) -> None:
    [event] = _ticks(1, "england")
    raw = encode_event(event).replace(b'"source":"test"', b'"source":"another"')

    list(publish([event, decode_event(raw)], publisher))

    assert sum(len(partition) for partition in _stored(client, namespace)) == 2


def test_a_full_stream_is_waited_for_and_nothing_is_lost(
    redis_url: str, client: redis.Redis, namespace: str
) -> None:
    feed = _ticks(2000, "england")
    cursor = keys.cursor(namespace, 0, "forecast")
    with Watched(redis_url, namespace, partitions=1, app="forecast", max_lag=600) as publisher:
        publisher.sizes, publisher.asked = [], []
        reader = _SlowReader(client, cursor)

        acknowledged = list(publish(feed, publisher, pace=Pace(stop=reader)))

        assert publisher.refusals > 0
    stored = [raw for _, raw in _lines(client, namespace, 0)]
    assert stored == [encode_event(event) for event in feed]
    assert [one.event_id for one in acknowledged] == [event.id for event in feed]


class _SlowReader(threading.Event):
    """Commits a few hundred records whenever the feed waits."""

    def __init__(self, client: redis.Redis, cursor: str) -> None:
        super().__init__()
        self._client = client
        self._cursor = cursor

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self._client.hincrby(self._cursor, "count", 200)
        return self.is_set()


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 599.0), (60.0, 599 / 60), (math.inf, 0.0)])
def test_a_feed_takes_its_events_time_divided_by_the_speed(
    publisher: Watched, speed: float, seconds: float
) -> None:
    watch = Stopwatch()

    list(publish(_ticks(600, "england", "italy"), publisher, pace=watch.pace(speed)))

    assert watch.seconds == pytest.approx(seconds)


def test_no_event_is_published_before_its_time(publisher: Watched) -> None:
    watch = Stopwatch()

    seen = [
        (acknowledgement.time - NOON, dt.timedelta(seconds=2 * watch.seconds))
        for acknowledgement in publish(_ticks(50, "england"), publisher, pace=watch.pace(2.0))
    ]

    assert all(happened <= now for happened, now in seen)
    assert len(seen) == 50


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan])
def test_a_speed_that_does_not_move_is_refused(speed: float) -> None:
    with pytest.raises(SettingsError, match="speed"):
        Pace(speed)


def test_a_wait_longer_than_any_call_can_take_is_taken_in_parts() -> None:
    watch = Stopwatch()

    reached = watch.pace(1.0).wait(2.5 * threading.TIMEOUT_MAX)

    assert reached
    assert watch.seconds == pytest.approx(2.5 * threading.TIMEOUT_MAX)


def test_a_feed_that_was_stopped_goes_on_where_it_was(
    publisher: Watched, client: redis.Redis, namespace: str
) -> None:
    feed = _ticks(6000, "england")
    stop = threading.Event()

    def enough(count: int, _: dt.datetime) -> None:
        if count >= 2000:
            stop.set()

    before = list(publish(feed, publisher, pace=Pace(stop=stop), progress=enough))
    after = list(publish(feed, publisher))

    assert 2000 <= len(before) < 6000
    assert after[: len(before)] == before
    assert sum(len(partition) for partition in _stored(client, namespace)) == 6000


def test_progress_hears_how_far_the_feed_is(publisher: Watched) -> None:
    heard: list[tuple[int, dt.datetime]] = []

    list(publish(_ticks(3000, "england"), publisher, progress=lambda *told: heard.append(told)))

    assert heard == [
        (2048, NOON + dt.timedelta(seconds=2047)),
        (3000, NOON + dt.timedelta(seconds=2999)),
    ]


def test_a_live_feed_says_when_it_received_an_event_and_a_replay_does_not(
    publisher: Watched, client: redis.Redis, namespace: str
) -> None:
    received = NOON + dt.timedelta(minutes=5)
    live, replayed = _ticks(2, "england")

    list(publish([live], publisher, clock=lambda: received))
    list(publish([replayed], publisher))

    [lines] = [partition for partition in _stored(client, namespace) if partition]
    assert [decode_event(raw).recordedtime for _, raw in lines] == [received, None]


def test_a_promotion_stands_once_in_every_partition(
    publisher: Watched, client: redis.Redis, namespace: str
) -> None:
    first = promote(publisher, PARTITIONS, "champion@3", NOON)
    second = promote(publisher, PARTITIONS, "champion@3", NOON)

    stored = _stored(client, namespace)
    events = [decode_event(raw) for [(_, raw)] in stored]
    assert [position for [(position, _)] in stored] == first == second
    assert {getattr(event.data, "model", None) for event in events} == {"champion@3"}
    assert {(event.partitionkey, event.subject) for event in events} == {("all", "")}


def test_a_server_that_stays_away_is_given_up_after_two_minutes(namespace: str) -> None:
    watch = Stopwatch()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with (
        Publisher(f"redis://127.0.0.1:{port}", namespace, partitions=1, retry_s=0.0) as away,
        pytest.raises(ServerUnavailableError),
    ):
        list(publish(_ticks(1, "england"), away, pace=watch.pace(math.inf)))

    assert 120 < watch.seconds < 122


class _Impatience(threading.Event):
    """Stops the feed as soon as it has to wait."""

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.set()
        return True


def test_a_feed_that_waits_for_a_server_can_be_stopped(namespace: str) -> None:
    stop = _Impatience()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with Publisher(f"redis://127.0.0.1:{port}", namespace, partitions=1, retry_s=0.0) as away:
        acknowledged: list[Acknowledgement] = list(
            publish(_ticks(1, "england"), away, pace=Pace(stop=stop))
        )

    assert stop.is_set()
    assert acknowledged == []
