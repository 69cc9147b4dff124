"""What is published to counting workers and agents, and what must come of it."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import faust_redis

if TYPE_CHECKING:
    from tests.faust_redis.servers import Server, Valkey

PARTITIONS = 4


def words(*texts: str) -> list[tuple[bytes, bytes]]:
    """Items to publish, none twice."""
    return [(b"%d-%s" % (n, t.encode()), f'"{t}"'.encode()) for n, t in enumerate(texts)]


def publish(server: Server, count: int, *, salt: str = "") -> list[Counter[bytes]]:
    """Publish *count* records over all partitions; what a worker should count of each."""
    expected: list[Counter[bytes]] = [Counter() for _ in range(PARTITIONS)]
    items: list[list[tuple[bytes, bytes]]] = [[] for _ in range(PARTITIONS)]
    for number in range(count):
        value = b"k%d" % random.Random(number).randrange(50)
        expected[number % PARTITIONS][value] += 1
        items[number % PARTITIONS].append((f"{salt}{number}".encode(), value))
    with faust_redis.Publisher(server.url, "t", partitions=PARTITIONS) as publisher:
        for partition, own in enumerate(items):
            publisher.publish(partition, own)
    return expected


def counted(valkey: Valkey) -> list[Counter[bytes]]:
    """What the workers' tables hold."""
    return [
        Counter({k: int(v) for k, v in valkey.hgetall(f"t:{{{p}}}:state").items()})
        for p in range(PARTITIONS)
    ]


def total(valkey: Valkey) -> int:
    """Records committed in all partitions."""
    return sum(
        int(valkey.hget(f"t:{{{p}}}:cursor:counter", "count") or 0) for p in range(PARTITIONS)
    )


def assert_exactly_once(valkey: Valkey, expected: list[Counter[bytes]]) -> None:
    """Tables, changes and cursors all tell of every record exactly once."""
    assert counted(valkey) == expected
    for partition, wanted in enumerate(expected):
        changes = [f[b"e"] for _, f in valkey.xrange(f"t:{{{partition}}}:changes")]
        assert len(changes) == wanted.total()
        numbered = {b"%s=%d" % (k, i) for k, n in wanted.items() for i in range(1, n + 1)}
        assert set(changes) == numbered
        last = valkey.xinfo_stream(f"t:{{{partition}}}:events")["last-generated-id"]
        assert valkey.hget(f"t:{{{partition}}}:cursor:counter", "position") == last


def owners(valkey: Valkey) -> Counter[bytes]:
    """How many partitions each worker holds."""
    held = [valkey.hget(f"t:{{{p}}}:cursor:counter", "owner") for p in range(PARTITIONS)]
    return Counter(owner for owner in held if owner)
