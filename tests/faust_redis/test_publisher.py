"""Publishing, from blocking and from asyncio code: the same contract for both."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from faust_redis import AsyncPublisher, BackPressureError, CommitTimeoutError, Publisher
from faust_redis.errors import (
    AuthenticationError,
    PartitionCountError,
    ServerUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faust_redis.servers import Server, Valkey

    MakePublisher = Callable[..., Any]


class Blocked:
    """An asyncio publisher, called as a blocking one is."""

    def __init__(self, runner: asyncio.Runner, publisher: AsyncPublisher) -> None:
        self._runner = runner
        self._publisher = publisher

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._publisher, name)
        return lambda *args, **options: self._runner.run(method(*args, **options))


@pytest.fixture(params=["blocking", "asyncio"])
def make_publisher(request: pytest.FixtureRequest, server: Server) -> Iterator[MakePublisher]:
    """Make publishers of one flavour."""
    with asyncio.Runner() as runner:
        made: list[Any] = []

        def make(url: str | None = None, **settings: Any) -> Any:
            url = url or server.url
            if request.param == "blocking":
                made.append(Publisher(url, "t", **settings))
                return made[-1]

            async def in_loop() -> AsyncPublisher:
                return AsyncPublisher(url, "t", **settings)

            made.append(Blocked(runner, runner.run(in_loop())))
            return made[-1]

        yield make
        for publisher in made:
            publisher.aclose() if isinstance(publisher, Blocked) else publisher.close()


def items(*keys: str) -> list[tuple[bytes, bytes]]:
    """Items whose value is their key."""
    return [(key.encode(), key.encode()) for key in keys]


def test_the_same_key_twice_is_one_record_at_one_position(
    make_publisher: MakePublisher, valkey: Valkey
) -> None:
    publisher = make_publisher()

    first = publisher.publish(2, items("a", "b", "a"))
    second = publisher.publish(2, items("b", "c"))

    assert first[0] == first[2]
    assert second[0] == first[1]
    entries = [(i.decode(), f[b"e"]) for i, f in valkey.xrange("t:{2}:events")]
    assert entries == [(first[0], b"a"), (first[1], b"b"), (second[1], b"c")]


def test_any_number_of_items_is_taken_at_once(
    make_publisher: MakePublisher, valkey: Valkey
) -> None:
    many = items(*map(str, range(1500)))

    positions = make_publisher().publish(0, many)

    assert len(set(positions)) == 1500
    assert [f[b"e"] for _, f in valkey.xrange("t:{0}:events")] == [value for _, value in many]


def test_the_memory_of_keys_is_bounded_and_holds_at_least_the_newest(
    make_publisher: MakePublisher, valkey: Valkey
) -> None:
    publisher = make_publisher(remembered=100)
    positions = [publisher.publish(0, items(f"k{n}"))[0] for n in range(350)]

    again = [publisher.publish(0, items(f"k{n}"))[0] for n in range(250, 350)]

    assert again == positions[250:]
    assert valkey.hlen("t:{0}:seen:a") + valkey.hlen("t:{0}:seen:b") <= 200


def test_an_app_too_far_behind_holds_records_back(
    make_publisher: MakePublisher, valkey: Valkey
) -> None:
    publisher = make_publisher(app="slow", max_lag=10)
    publisher.publish(1, items(*map(str, range(11))))

    with pytest.raises(BackPressureError, match="'slow' is 11 records behind"):
        publisher.publish(1, items("one more"))
    publisher.publish(0, items("another partition"))
    valkey.hset("t:{1}:cursor:slow", "count", 1)
    publisher.publish(1, items("one more"))

    assert publisher.lag("slow", 1) == 11


def test_a_server_short_of_memory_holds_records_back(
    make_publisher: MakePublisher, valkey: Valkey
) -> None:
    valkey.config_set("maxmemory", int(valkey.info("memory")["used_memory"] * 1.3))

    with pytest.raises(BackPressureError, match="70 %"):
        make_publisher().publish(0, items("a"))

    assert valkey.exists("t:{0}:events") == 0


def test_a_publisher_waits_for_a_commit_but_not_for_ever(
    make_publisher: MakePublisher, valkey: Valkey
) -> None:
    publisher = make_publisher()
    valkey.hset("t:{0}:cursor:app", "position", "10-2")

    assert publisher.committed("app", 0) == "10-2"
    assert publisher.committed("app", 1) == "0-0"
    publisher.wait_committed("app", 0, "9-900", timeout_s=0.01)
    with pytest.raises(CommitTimeoutError, match="did not commit 10-3"):
        publisher.wait_committed("app", 0, "10-3", timeout_s=0.01)


def test_lag_counts_all_partitions(make_publisher: MakePublisher, valkey: Valkey) -> None:
    publisher = make_publisher(partitions=3)
    publisher.publish(0, items("a", "b"))
    publisher.publish(2, items("c", "d", "e"))
    valkey.hset("t:{2}:cursor:app", "count", 1)

    assert publisher.lag("app") == 4


def test_pools_go_to_the_least_loaded_partition_and_stay_there(
    make_publisher: MakePublisher,
) -> None:
    first, second = make_publisher(partitions=3), make_publisher()

    assigned = [first.assign(name) for name in ("england", "spain", "italy", "france")]

    assert assigned == [0, 1, 2, 0]
    assert [second.assign(name) for name in ("france", "italy", "greece")] == [0, 2, 1]


def test_another_number_of_partitions_is_an_error(make_publisher: MakePublisher) -> None:
    with pytest.raises(PartitionCountError, match="no partition count on record"):
        make_publisher().assign("england")
    make_publisher(partitions=3).assign("england")

    with pytest.raises(PartitionCountError, match="has 3 partitions on record, not 4"):
        make_publisher(partitions=4).assign("spain")


def test_a_wrong_password_is_said_clearly(make_publisher: MakePublisher, server: Server) -> None:
    with pytest.raises(AuthenticationError, match="refused the login"):
        make_publisher(f"unix://{server.socket}?password=wrong").publish(0, items("a"))
    with pytest.raises(AuthenticationError, match="refused the login"):
        make_publisher(f"unix://{server.socket}").publish(0, items("a"))


def test_a_server_that_is_away_is_waited_for_and_then_said_to_be_away(
    make_publisher: MakePublisher, server: Server
) -> None:
    publisher = make_publisher(retry_s=0.0)
    publisher.publish(0, items("a"))
    server.kill()

    with pytest.raises(ServerUnavailableError):
        publisher.publish(0, items("b"))
    server.start()

    assert len(publisher.publish(0, items("a", "b"))) == 2


def test_a_partition_that_nobody_reads_is_refused(
    make_publisher: MakePublisher, valkey: Valkey
) -> None:
    valkey.set("t:partitions", 2)
    valkey.hset("t:topics", "orders", 1)

    with pytest.raises(PartitionCountError, match="'events' has no partition 2: 2 are on record"):
        make_publisher().publish(2, items("a"))
    with pytest.raises(PartitionCountError, match="'orders' has no partition 1: 1 are on record"):
        make_publisher(topic="orders", partitions=2).publish(1, items("a"))
    with pytest.raises(PartitionCountError, match="has no partition -1"):
        make_publisher(topic="new").publish(-1, items("a"))
    make_publisher(topic="orders").publish(0, items("a"))

    assert [key for key in valkey.scan_iter("t:{*}:*") if b"seen" not in key] == [b"t:{0}:orders"]


def test_the_number_that_a_publisher_assumes_is_on_record(
    make_publisher: MakePublisher, valkey: Valkey
) -> None:
    make_publisher(topic="orders", partitions=3).publish(2, items("a"))

    assert valkey.get("t:partitions") == b"3"
    assert valkey.hgetall("t:topics") == {b"orders": b"3"}


def test_keys_are_spread_by_crc_32_or_by_ones_own_partitioner(
    make_publisher: MakePublisher, valkey: Valkey
) -> None:
    with pytest.raises(PartitionCountError, match="no partition count on record"):
        make_publisher(topic="orders").partition_for(b"k")
    valkey.hset("t:topics", "orders", 5)
    keys = [b"%d" % n for n in range(20)]

    spread = [make_publisher(topic="orders").partition_for(key) for key in keys]
    last = make_publisher(topic="orders", partitioner=lambda _, numbers, __: numbers[-1])

    assert spread == [zlib.crc32(key) % 5 for key in keys]
    assert last.partition_for(b"k") == 4


def test_an_item_may_have_a_key_of_its_own(make_publisher: MakePublisher, valkey: Valkey) -> None:
    make_publisher().publish(0, [(b"1", b"a", b"k"), (b"2", b"b", b""), (b"3", b"c", None)])
    make_publisher().publish(0, [(b"4", b"d"), (b"5", b"e", b"k")])

    assert [fields for _, fields in valkey.xrange("t:{0}:events")] == [
        {b"e": b"a", b"k": b"k"},
        {b"e": b"b", b"k": b""},
        {b"e": b"c"},
        {b"e": b"d"},
        {b"e": b"e", b"k": b"k"},
    ]
