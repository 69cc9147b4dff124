"""Taking, keeping and giving back partitions: leases on the server's clock, one token a taking."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from faust_redis import scripts
from faust_redis.changelog import replayed, scanned
from faust_redis.client import TRANSIENT
from faust_redis.deaths import connection_name, is_gone
from faust_redis.errors import CommandError, ServerUnavailableError, TransportError
from faust_redis.positions import START, pack

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from faust_redis.client import Client
    from faust_redis.codec import TableCodec
    from faust_redis.connection import Argument
    from faust_redis.feed import Feed
    from faust_redis.partition import Partition
    from faust_redis.table import Tables

    StartFrom = Callable[[int], Awaitable[str | None]]

_log = logging.getLogger(__name__)

_COUNT_CHUNK = 1000
_PAUSE_S = 0.05
DEADLY = 3
"""A record over which so many workers died is set aside."""


class Ownership:
    """The leases of one app's partitions."""

    def __init__(
        self,
        client: Client,
        lease_s: float,
        app: str,
        name: str,
        tables: Tables,
    ) -> None:
        self._client = client
        self.lease_ms = round(lease_s * 1000)
        self._app = app
        self.name = name
        self._tables = tables

    async def acquire(self, partition: Partition) -> bool:
        """Take the partition and load its tables and positions; False when another holds it.

        A new token each time: whatever an older one of ours left on the wire is refused then.
        """
        token = uuid4().hex
        looked_for: tuple[bytes, int] = b"", 0
        while True:
            feeds = list(partition.feeds.values())
            starts = await self._starts(partition, feeds)
            args: list[Argument] = [
                token, partition.last_token, self.lease_ms, self.name, partition.epoch,
                len(feeds), *starts, *looked_for,
            ]  # fmt: skip
            try:
                reply = await self._client.run(scripts.ACQUIRE, [partition.cursor], args)
                if reply[0] == b"LATE":
                    name = connection_name(self._app, reply[2].decode())
                    gone = await is_gone(self._client, name, self.lease_ms / 1000)
                    looked_for = reply[1], int(gone)
                    continue
                if reply[0] != b"OK":
                    return False
                # Even if loading fails from here on, this token is the one to come back with.
                partition.last_token = token
                if not await self._load(partition, feeds, token, reply):
                    # A topic was added meanwhile.
                    token = uuid4().hex
                    continue
            except ServerUnavailableError:
                await self._client.connected()
                continue
            except CommandError as error:
                if error.code not in TRANSIENT:
                    raise
                await asyncio.sleep(_PAUSE_S)
                continue
            return True

    async def _starts(self, partition: Partition, feeds: list[Feed]) -> list[Argument]:
        words: list[Argument] = []
        for feed in feeds:
            start_from = feed.source.start_from
            start = await start_from(partition.number) if start_from is not None else None
            words += (feed.source.suffix, start or "", feed.committed)
        return words

    async def _load(
        self, partition: Partition, feeds: list[Feed], token: str, reply: list[bytes]
    ) -> bool:
        epoch, suspect, trying, tries = int(reply[1]), reply[2], reply[3], int(reply[4])
        views = {}
        for table in self._tables.raw:
            views[table] = await scanned(self._client, partition.table(table))
        for codec in self._tables.codecs:
            views[codec.name] = await self._objects(partition, codec)
        positions: dict[str, str] = {}
        for feed, at in zip(feeds, range(5, len(reply), 3), strict=True):
            position, before = reply[at].decode(), reply[at + 2].decode()
            positions[feed.source.topic] = position
            if position != before:
                await self._recount(partition, feed, before, position)
            else:
                await self._look_for_gap(partition, feed, position, int(reply[at + 1]))
        if len(partition.feeds) != len(feeds):
            return False
        new_history = epoch > partition.epoch and bool(
            any(feed.committed for feed in partition.feeds.values())
        )
        if new_history:
            _log.error(
                "partition %d: the server went back in time; this is history %d",
                partition.number,
                epoch,
            )
            for feed in partition.feeds.values():
                feed.committed = ""
        partition.take_over(token, positions, epoch, views)
        self._tables.loaded(partition.number, views)
        # One death is bad luck; a second one with no commit between may be a record's doing.
        if suspect and int(suspect) > 1:
            self._suspect(partition, trying.decode(), tries)
        partition.renewed_s = time.monotonic()
        _log.info("partition %d is ours, from %s on", partition.number, positions)
        return True

    def _suspect(self, partition: Partition, trying: str, tries: int) -> None:
        """Go record by record: the last owner died, perhaps over one of those to come."""
        partition.one_by_one = sum(feed.source.max_records for feed in partition.feeds.values())
        topic, _, position = trying.rpartition(" ")
        # The first two deaths, among many records, named none; the others named this one.
        deaths = 2 + tries
        if tries and deaths >= DEADLY and topic:
            _log.error("%s of %s killed its worker %d times", position, topic, deaths)
            partition.letters[topic, position.encode()] = {
                "reason": "killed its worker",
                "error": f"the worker died {deaths} times with this record in hand",
                "error_class": "",
                "traceback": "",
                "attempts": deaths,
            }

    async def _look_for_gap(
        self, partition: Partition, feed: Feed, position: str, count: int
    ) -> None:
        """Say loudly when records were removed from the stream before we read them."""
        try:
            flat = await self._client.call("XINFO", "STREAM", feed.stream)
        except CommandError as error:
            if "no such key" in str(error):
                return
            raise
        info = dict(zip(flat[::2], flat[1::2], strict=True))
        removed = info[b"entries-added"] - info[b"length"]
        if removed <= count:
            return
        if position == START:
            # A new reader of an old stream: what is gone is none of its business.
            await self.recount(partition, feed, removed - count)
            return
        await self.tell_gap(partition, feed, removed - count)

    async def tell_gap(self, partition: Partition, feed: Feed, records: int) -> None:
        """Say loudly that records are gone which we have not read, and go on without them."""
        _log.error(
            "%s: %d records after %s were removed from the stream before this app read them",
            feed.stream,
            records,
            feed.read_to,
        )
        self._tables.on_gap(feed.tp, records)
        await self.recount(partition, feed, records)

    async def recount(self, partition: Partition, feed: Feed, records: int) -> None:
        """Correct by so many the count of records behind the cursor."""
        field = f"count{feed.source.suffix}"
        await self._client.run(scripts.COUNT, [partition.cursor], [field, records])

    async def _objects(self, partition: Partition, codec: TableCodec) -> dict[Any, Any]:
        if codec.in_hash:
            raw = await scanned(self._client, partition.table(codec.name))
        else:
            raw = await replayed(self._client, partition.table(codec.changelog))
        decode_key, decode_value = codec.decode_key, codec.decode_value
        return {decode_key(key): decode_value(value) for key, value in raw.items()}

    async def _recount(self, partition: Partition, feed: Feed, before: str, position: str) -> None:
        """Correct the count of committed records after a position was set from outside."""
        forward = pack(position) > pack(before)
        low, high = (before, position) if forward else (position, before)
        passed = await self._entries_between(feed.stream, low, high)
        await self.recount(partition, feed, passed if forward else -passed)

    async def _entries_between(self, stream: str, low: str, high: str) -> int:
        """The entries after *low* up to and with *high*."""
        total = 0
        while True:
            entries = await self._client.call(
                "XRANGE", stream, f"({low}", high, "COUNT", _COUNT_CHUNK
            )
            total += len(entries)
            if len(entries) < _COUNT_CHUNK:
                return total
            low = entries[-1][0].decode()

    async def renew(self, partition: Partition, trying: str = "") -> bool:
        """Lengthen the lease; False when the partition is no longer ours or not where we think.

        Raises:
            ServerUnavailableError: When the server cannot be asked now.
        """
        token, positions = partition.token, partition.positions
        reply = await self._client.run(
            scripts.RENEW, [partition.cursor], [token, self.lease_ms, trying, *positions]
        )
        if partition.token != token or partition.committing or partition.positions != positions:
            # A commit overtook this; it has renewed the lease, or will find out what is wrong.
            return True
        partition.renewed_s = time.monotonic()
        return bool(reply == b"OK")

    async def release(self, partition: Partition) -> None:
        """Give the partition back, if the server can be told now; else its lease runs out."""
        token = partition.last_token
        partition.drop()
        try:
            await self._client.run(scripts.RELEASE, [partition.cursor], [token])
        except TransportError as error:
            _log.warning("partition %d could not be released: %s", partition.number, error)
