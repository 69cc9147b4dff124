"""What a worker does beside its records: measure lag, trim what all have read, fold changelogs."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, NamedTuple

from faust_redis import scripts
from faust_redis.changelog import FOLD_AFTER_S, fold
from faust_redis.client import TRANSIENT
from faust_redis.errors import CommandError, ServerUnavailableError
from faust_redis.positions import pack, stored_ms

if TYPE_CHECKING:
    from faust_redis.consumer import Consumer
    from faust_redis.feed import Feed
    from faust_redis.partition import Partition

_EVERY_S = 1.0
_PER_PARTITION_S = 0.05
_REPLIES_KEPT_MS = 3_600_000
_TRIM_TURNS = 10
"""What is kept is told in hours; looking once in ten turns is often enough."""


class _Stored(NamedTuple):
    """The entries that a stream ever had, those that were removed, and the last one's id."""

    added: int
    removed: int
    last: str


class Upkeep:
    """Lag and retention of the partitions that this worker owns."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        # Two turns at once would both find the same gap.
        self._turning = asyncio.Lock()

    async def run(self) -> None:
        """Measure and trim every second, or less often with many partitions, until the end."""
        turns = 0
        while not self._consumer.should_stop:
            partitions = len(self._consumer.units)
            await self._consumer.sleep(max(_EVERY_S, partitions * _PER_PARTITION_S))
            turns += 1
            try:
                await self.turn(trim=turns % _TRIM_TURNS == 0)
            except ServerUnavailableError:
                await self._consumer.control.connected()
            except CommandError as error:
                if error.code not in TRANSIENT:
                    raise

    async def turn(self, *, trim: bool = True) -> None:
        """Measure every stream that we own, and trim it."""
        async with self._turning:
            await self._turn(trim=trim)

    async def _turn(self, *, trim: bool) -> None:
        for unit in self._consumer.units:
            if unit.owned:
                for feed in unit.feeds.values():
                    await self._measure(unit, feed)
                    if trim:
                        await self.trim(unit, feed)
                if trim:
                    await self.fold(unit)
        if trim:
            await self.tidy_replies()

    async def tidy_replies(self) -> None:
        """Remove answers that were read; those to a process that is gone go by themselves."""
        prefix = self._consumer.app.conf.reply_to_prefix
        for topic, unit in self._consumer.replies.items():
            if topic.startswith(prefix):
                (feed,) = unit.feeds.values()
                await self._consumer.control.call("XTRIM", feed.stream, "MINID", feed.taken_to)
                await self._consumer.control.call("PEXPIRE", feed.stream, _REPLIES_KEPT_MS)

    async def _measure(self, unit: Partition, feed: Feed) -> None:
        call = self._consumer.control.call
        oldest = await call("XRANGE", feed.stream, f"({feed.position}", "+", "COUNT", 1)
        count, seconds = 0, 0.0
        stored = await self._stored(feed)
        suffix = feed.source.suffix
        done, position = await call("HMGET", unit.cursor, f"count{suffix}", f"position{suffix}")
        if oldest:
            # The lag that people feel: since when the oldest record waits, by the server's clock.
            clock = await call("TIME")
            stored_s = stored_ms(oldest[0][0].decode()) / 1000
            seconds = max(0.0, int(clock[0]) + int(clock[1]) / 1e6 - stored_s)
            count = max(1, stored.added - int(done or 0))
        self._consumer.watch.lag(feed.tp, count, seconds)
        monitor = self._consumer.app.monitor
        if stored.last:
            monitor.track_tp_end_offset(feed.tp, pack(stored.last))
            monitor.on_tp_commit({feed.tp: pack(feed.position)})
        # Where a commit is known here that was not there yet, the counts do not belong together.
        if unit.owned and position is not None and position.decode() == feed.position:
            if stored.last == feed.position:
                lost = stored.added - int(done)
            else:
                # At least: what was removed and what is read do not say how much there was between.
                lost = stored.removed - int(done) - unit.ahead(feed)
            if lost > 0:
                await self._consumer.owner.tell_gap(unit, feed, lost)

    async def _stored(self, feed: Feed) -> _Stored:
        try:
            flat = await self._consumer.control.call("XINFO", "STREAM", feed.stream)
        except CommandError as error:
            if "no such key" in str(error):
                return _Stored(0, 0, "")
            raise
        info = dict(zip(flat[::2], flat[1::2], strict=True))
        added = int(info[b"entries-added"])
        return _Stored(added, added - int(info[b"length"]), info[b"last-generated-id"].decode())

    async def trim(self, unit: Partition, feed: Feed) -> int:
        """Trim one stream behind its slowest reader; how many entries went."""
        options = self._consumer.options
        if math.isinf(options.keep_s) and not options.keep_records:
            return 0
        keyspace = options.keyspace
        topic = feed.source.topic
        known = await self._consumer.control.call("SMEMBERS", keyspace.readers(topic))
        readers = {reader.decode() for reader in known} | set(options.keep_for)
        cursors = [keyspace.cursor(unit.number, reader) for reader in sorted(readers)]
        keep_ms = "" if math.isinf(options.keep_s) else round(options.keep_s * 1000)
        return int(
            await self._consumer.control.run(
                scripts.TRIM,
                [feed.stream, *cursors],
                [options.keep_records, keep_ms, f":{topic}"],
            )
        )

    async def fold(self, unit: Partition, *, age_s: float = FOLD_AFTER_S) -> None:
        """Fold a partition's changelogs, so that they grow with keys and not with changes."""
        for codec in self._consumer.app.tables.codecs:
            if codec.changelog:
                stream = unit.table(codec.changelog)
                while await fold(
                    self._consumer.control,
                    unit.cursor,
                    unit.token,
                    stream,
                    keep_deleted=codec.is_global,
                    age_s=age_s,
                ):
                    pass
