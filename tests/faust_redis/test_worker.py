"""A real worker process on a real Valkey: what it counts is exact, whatever is killed."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import faust_redis

from tests.faust_redis.servers import wait_until

if TYPE_CHECKING:
    import redis

    from tests.faust_redis.conftest import StartWorker
    from tests.faust_redis.servers import Server

PARTITIONS = 4


def publish(server: Server, count: int, *, salt: str = "") -> list[Counter[bytes]]:
    """Publish *count* records over all partitions; what a worker should count of each."""
    expected: list[Counter[bytes]] = [Counter() for _ in range(PARTITIONS)]
    items: list[list[tuple[bytes, bytes]]] = [[] for _ in range(PARTITIONS)]
    for number in range(count):
        value = b"k%d" % random.Random(number).randrange(50)  # noqa: S311 - a spread
        expected[number % PARTITIONS][value] += 1
        items[number % PARTITIONS].append((f"{salt}{number}".encode(), value))
    with faust_redis.Publisher(server.url, "t", partitions=PARTITIONS) as publisher:
        for partition, own in enumerate(items):
            publisher.publish(partition, own)
    return expected


def counted(valkey: redis.Redis) -> list[Counter[bytes]]:
    """What the workers' tables hold."""
    return [
        Counter({k: int(v) for k, v in valkey.hgetall(f"t:{{{p}}}:state").items()})
        for p in range(PARTITIONS)
    ]


def total(valkey: redis.Redis) -> int:
    """Records committed in all partitions."""
    return sum(
        int(valkey.hget(f"t:{{{p}}}:cursor:counter", "count") or 0) for p in range(PARTITIONS)
    )


def assert_exactly_once(valkey: redis.Redis, expected: list[Counter[bytes]]) -> None:
    """Tables, changes and cursors all tell of every record exactly once."""
    assert counted(valkey) == expected
    for partition, wanted in enumerate(expected):
        changes = [f[b"e"] for _, f in valkey.xrange(f"t:{{{partition}}}:changes")]
        assert len(changes) == wanted.total()
        assert set(changes) == {
            b"%s=%d" % (k, i) for k, n in wanted.items() for i in range(1, n + 1)
        }
        last = valkey.xinfo_stream(f"t:{{{partition}}}:events")["last-generated-id"]
        assert valkey.hget(f"t:{{{partition}}}:cursor:counter", "position") == last


def test_records_are_counted_once_and_the_worker_stops_politely(
    server: Server, valkey: redis.Redis, start_worker: StartWorker
) -> None:
    expected = publish(server, 4000)
    worker = start_worker(server.url)

    wait_until(lambda: total(valkey) == 4000)
    code, out, _ = worker.stop()

    assert_exactly_once(valkey, expected)
    assert (code, out) == (0, b"")
    assert valkey.hget("t:{0}:cursor:counter", "token") == b""


def test_a_worker_killed_in_mid_flow_is_continued_by_the_next_with_exact_counts(
    server: Server, valkey: redis.Redis, start_worker: StartWorker
) -> None:
    expected = publish(server, 6000)

    for share in (1, 2, 3, 4, 5):
        worker = start_worker(server.url, slow_s=0.005, lease_s=0.4)
        wait_until(lambda reached=share * 1000: total(valkey) >= reached)  # type: ignore[misc]
        worker.kill()
    last = start_worker(server.url, lease_s=0.4)
    wait_until(lambda: total(valkey) >= 6000)

    assert last.stop()[0] == 0
    assert_exactly_once(valkey, expected)


def test_an_agent_that_raises_loses_nothing_and_ends_the_worker_with_an_exit_code(
    server: Server, valkey: redis.Redis, start_worker: StartWorker
) -> None:
    publish(server, 400)
    with faust_redis.Publisher(server.url, "t") as publisher:
        (bad,) = publisher.publish(0, [(b"poison", b"raise")])
    worker = start_worker(server.url)

    code, _, err = worker.wait()

    assert code == 1
    assert bad.encode() in err
    with faust_redis.Publisher(server.url, "t") as publisher:
        assert publisher.committed("counter", 0) < bad
        assert publisher.lag("counter", 0) >= 1
    assert valkey.hget("t:{0}:cursor:counter", "token") == b""
