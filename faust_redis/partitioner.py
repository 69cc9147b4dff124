"""Which partition of a topic a record goes to, and which there are."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

from faust_redis.errors import PartitionCountError

Partitioner = Callable[[bytes | None, Sequence[int], Sequence[int]], int]
"""Faust's ``producer_partitioner``: key, all partitions, and again those that can be had."""


def partition_of(key: bytes, count: int, partitioner: Partitioner | None) -> int:
    """The partition of a key: its CRC-32, or what *partitioner* says."""
    if partitioner is None:
        return zlib.crc32(key) % count
    numbers = list(range(count))
    return int(partitioner(key, numbers, numbers))


def no_partition(topic: str, partition: int, count: int | None) -> PartitionCountError:
    """Say that nobody would read what is sent to a partition."""
    known = f": {count} are on record, the last is {count - 1}" if count else ""
    return PartitionCountError(f"topic {topic!r} has no partition {partition}{known}")
