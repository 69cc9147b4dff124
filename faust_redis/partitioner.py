"""Which partition of a topic a record goes to, and which there are."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from faust_redis.errors import PartitionCountError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Partitioner = Callable[[bytes | None, Sequence[int], Sequence[int]], int]
    """Faust's ``producer_partitioner``: key, all partitions, and again those that can be had."""


def partition_of(key: bytes, count: int, partitioner: Partitioner | None) -> int:
    """The partition of a key: its CRC-32, or what *partitioner* says."""
    if partitioner is None:
        return zlib.crc32(key) % count
    numbers = list(range(count))
    return int(partitioner(key, numbers, numbers))


def no_partition(topic: str, partition: int, count: int) -> PartitionCountError:
    """Say that nobody would read what is sent to a partition."""
    return PartitionCountError(
        f"topic {topic!r} has {count} partitions on record, the last of them {count - 1}; "
        f"nobody would read what is sent to partition {partition}"
    )
