"""Counts what a feed put on the streams: what is new there, and what was there before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis

from faust_redis.positions import START, pack
from schemas.keys import EVENTS, stream

if TYPE_CHECKING:
    from producers.publish import Acknowledgement


class Tally:
    """``new`` events are stored behind where the streams ended at first; ``copies`` are not."""

    def __init__(self, client: redis.Redis, namespace: str, partitions: int) -> None:
        self.new = 0
        self.copies = 0
        self._ends = [
            pack(_end(client, stream(namespace, partition, EVENTS)))
            for partition in range(partitions)
        ]

    def add(self, acknowledgement: Acknowledgement) -> None:
        """Count one event; a copy has the position of the first."""
        if pack(acknowledgement.position) > self._ends[acknowledgement.partition]:
            self.new += 1
        else:
            self.copies += 1

    def __str__(self) -> str:
        known = f", {self.copies:,} known before" if self.copies else ""
        return f"{self.new:,} event{'' if self.new == 1 else 's'} stored{known}"


def _end(client: redis.Redis, key: str) -> str:
    """The position of the last entry that a stream ever had."""
    try:
        about: Any = client.xinfo_stream(key)
    except redis.ResponseError as error:
        if "no such key" in str(error):
            return START
        raise
    return str(about["last-generated-id"].decode())
