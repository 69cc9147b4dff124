"""Reading every owned partition's stream over one blocking connection."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from faust_redis.client import TRANSIENT
from faust_redis.errors import CommandError, ServerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faust_redis.client import Client
    from faust_redis.partition import Partition

_log = logging.getLogger(__name__)

_BLOCK_MS = 1000
_TIMEOUT_S = 6.0
_TRANSIENT_PAUSE_S = 0.1
_UNBLOCK_AGAIN_S = 0.001


class Reader:
    """Replies with what is there at once, and waits in the server when there is nothing."""

    def __init__(self, control: Client, client: Client) -> None:
        self._control = control
        self._client = client
        self._woken = asyncio.Event()
        self._reading = 0
        self._blocked = False

    def wake(self) -> None:
        """Make a read in progress look again at which partitions want records."""
        self._woken.set()
        if self._blocked:
            # It is waiting in the server without the partition that wants records now.
            self._unblock(self._reading)

    def _unblock(self, reading: int) -> None:
        blocked, control = self._client.connection, self._control.connection
        if not self._blocked or reading != self._reading or blocked is None or control is None:
            return

        def check(reply: asyncio.Future[int]) -> None:
            if reply.cancelled() or reply.exception() is not None:
                return
            if reply.result() == 0:
                # This overtook the read on its way to the server; it will be there in a moment.
                reply.get_loop().call_later(_UNBLOCK_AGAIN_S, self._unblock, reading)

        control.execute("CLIENT", "UNBLOCK", blocked.id).add_done_callback(check)

    async def read(
        self, partitions: Sequence[Partition], max_records: int
    ) -> list[tuple[Partition, list[Any]]]:
        """The next entries of every partition that has some, at most *max_records* each."""
        await self._client.connected()
        self._woken.clear()
        wanted = [partition for partition in partitions if partition.wants_records]
        if not wanted:
            await self._woken.wait()
            return []
        generations = [partition.generation for partition in wanted]
        reply = await self._xread(wanted, max_records)
        by_stream = {
            partition.stream.encode(): partition
            for partition, generation in zip(wanted, generations, strict=True)
            if partition.generation == generation and partition.owned
        }
        return [(by_stream[stream], entries) for stream, entries in reply if stream in by_stream]

    async def _xread(self, wanted: Sequence[Partition], max_records: int) -> list[Any]:
        streams = [partition.stream for partition in wanted]
        positions = [partition.read_to for partition in wanted]
        try:
            self._reading += 1
            self._blocked = True
            reply = await self._client.call(
                "XREAD", "COUNT", max_records, "BLOCK", _BLOCK_MS, "STREAMS", *streams, *positions,
                timeout_s=_TIMEOUT_S,
            )  # fmt: skip
        except ServerUnavailableError as error:
            _log.warning("reading was interrupted: %s", error)
            return []
        except CommandError as error:
            if error.code not in TRANSIENT:
                raise
            await asyncio.sleep(_TRANSIENT_PAUSE_S)
            return []
        finally:
            self._blocked = False
        return reply or []

    def close(self) -> None:
        """Close the blocking connection."""
        self._client.close()
