"""Taking, keeping and giving back partitions: leases on the server's clock, one token a taking."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from faust_redis import scripts
from faust_redis.client import TRANSIENT
from faust_redis.errors import CommandError, ServerUnavailableError, TransportError
from faust_redis.positions import pack

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from faust_redis.client import Client
    from faust_redis.partition import Partition

    StartFrom = Callable[[int], Awaitable[str | None]]

_log = logging.getLogger(__name__)

_SCAN_COUNT = 2000
_COUNT_CHUNK = 1000
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.05, 1.0


class Ownership:
    """The leases of one app's partitions."""

    def __init__(
        self,
        client: Client,
        lease_s: float,
        tables: Iterable[str],
        start_from: StartFrom | None,
    ) -> None:
        self._client = client
        self.lease_ms = round(lease_s * 1000)
        self._tables = tuple(tables)
        self._start_from = start_from

    async def acquire(self, partition: Partition) -> None:
        """Wait until the partition is ours, then load its tables and position.

        A new token each time: whatever an older one of ours left on the wire is refused then.
        """
        told, token = "", uuid4().hex
        while True:
            start = await self._start_from(partition.number) if self._start_from else None
            try:
                reply = await self._client.run(
                    scripts.ACQUIRE,
                    [partition.cursor],
                    [token, partition.last_token, self.lease_ms, start or ""],
                )
                if reply[0] == b"OK":
                    # Even if loading fails from here on, this token is the one to come back with.
                    partition.last_token = token
                    await self._load(partition, token, reply)
                    return
            except ServerUnavailableError:
                await self._client.connected()
                continue
            except CommandError as error:
                if error.code not in TRANSIENT:
                    raise
                await asyncio.sleep(_SHORTEST_WAIT_S)
                continue
            told = await self._wait(partition, int(reply[1]), reply[2].decode(), told)

    async def _wait(self, partition: Partition, left_ms: int, holder: str, told: str) -> str:
        if holder != told:
            _log.info(
                "partition %d is held by another worker; waiting for its lease to end in %d ms",
                partition.number,
                left_ms,
            )
        await asyncio.sleep(min(max(left_ms / 1000, _SHORTEST_WAIT_S), _LONGEST_WAIT_S))
        return holder

    async def _load(self, partition: Partition, token: str, reply: list[bytes]) -> None:
        position, epoch, before = reply[1].decode(), int(reply[2]), reply[4].decode()
        views = {table: await self._view(partition, table) for table in self._tables}
        if position != before:
            await self._recount(partition, before, position)
        partition.take_over(token, position, epoch, views)
        partition.renewed_s = time.monotonic()
        _log.info("partition %d is ours, from %s on", partition.number, position)

    async def _view(self, partition: Partition, table: str) -> dict[bytes, bytes]:
        """The whole table; only the holder of the token writes it, so a scan is a snapshot."""
        key = partition.table(table)
        view: dict[bytes, bytes] = {}
        cursor: bytes | str = "0"
        while True:
            cursor, flat = await self._client.call("HSCAN", key, cursor, "COUNT", _SCAN_COUNT)
            view.update(zip(flat[::2], flat[1::2], strict=True))
            if cursor == b"0":
                return view

    async def _recount(self, partition: Partition, before: str, position: str) -> None:
        """Correct the count of committed records after a position was set from outside."""
        forward = pack(position) > pack(before)
        low, high = (before, position) if forward else (position, before)
        passed = await self._entries_between(partition.stream, low, high)
        await self._client.call(
            "HINCRBY", partition.cursor, "count", passed if forward else -passed
        )

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

    async def renew(self, partition: Partition) -> bool:
        """Lengthen the lease; False when the partition is no longer ours or not where we think.

        Raises:
            ServerUnavailableError: When the server cannot be asked now.
        """
        token, position = partition.token, partition.position
        reply = await self._client.run(
            scripts.RENEW, [partition.cursor], [token, position, self.lease_ms]
        )
        if partition.token != token or partition.committing or partition.position != position:
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
