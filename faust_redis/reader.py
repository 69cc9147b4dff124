"""Reading every owned partition's stream over one blocking connection."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from faust_redis.client import TRANSIENT
from faust_redis.errors import CommandError, ServerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faust_redis.client import Client
    from faust_redis.partition import Partition

_log = logging.getLogger(__name__)

_BLOCK_MS = 1000
_TRANSIENT_PAUSE_S = 0.1
_UNBLOCK_AGAIN_S = 0.001
_MOST_AT_ONCE, _FEWEST = 16384, 16
"""Records that one read asks for, shared among its streams."""


class Reader:
    """Replies with what is there at once, and waits in the server when there is nothing."""

    def __init__(self, control: Client, client: Client) -> None:
        self._control = control
        self._client = client
        self._woken = asyncio.Event()
        self._reading = 0
        self._blocked = False
        self._asked: set[bytes] = set()
        self._reads = 0
        self._turns: dict[bytes, int] = {}
        """When each stream was read last, in backlogs."""
        self.left_some = False
        """True when the last read got all it asked for of some stream: there may be more."""
        self.bell = b""
        """A stream that is read as well, if any; only that it rang matters."""
        self._heard = "0-0"
        self.on_bell: Callable[[], None] = _nothing

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

    def wake_for(self, unit: Partition) -> None:
        """Wake if a feed of the partition has room again that the read in progress leaves out."""
        if unit.rests_until_s > time.monotonic():
            return
        for feed in unit.feeds.values():
            if feed.wants_records and feed.key not in self._asked:
                self.wake()
                return

    async def read(self, units: Sequence[Partition]) -> list[Partition]:
        """Read once; the partitions that got something."""
        await self._client.connected()
        self._woken.clear()
        now_s = time.monotonic()
        resting = [unit.rests_until_s for unit in units if unit.rests_until_s > now_s]
        wait_s = min(resting) - now_s if resting else None
        asked = {
            feed.key: (unit, feed, unit.generation)
            for unit in units
            if unit.token
            and unit.rests_until_s <= now_s
            and not (unit.leaving and unit.current is None)
            for feed in unit.feeds.values()
            if feed.wants_records
        }
        bell = self.bell
        if not (asked or bell):
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
            return []
        count = self._most(units)
        streams, block = self.turn([*asked], _MOST_AT_ONCE // count)
        if block:
            count = max(_FEWEST, min(count, _MOST_AT_ONCE // (len(streams) + 1)))
        positions = [asked[stream][1].read_to for stream in streams]
        if bell:
            streams.append(bell)
            positions.append(self._heard)
        block_ms = _BLOCK_MS if wait_s is None else min(_BLOCK_MS, math.ceil(1000 * wait_s))
        reply = await self._xread(streams, positions, count, block_ms if block else 0)
        got: dict[int, Partition] = {}
        self.left_some = False
        for stream, entries in reply:
            self.left_some |= len(entries) >= count
            if (found := asked.get(stream)) is not None:
                unit, feed, generation = found
                # What was loaded anew meanwhile begins at another position.
                if unit.generation == generation and unit.token:
                    feed.extend(entries)
                    got[id(unit)] = unit
            elif stream == bell:
                self._heard = entries[-1][0].decode()
                self.on_bell()
        return list(got.values())

    def turn(self, streams: list[bytes], most: int) -> tuple[list[bytes], bool]:
        """The streams to read now, and whether to wait for records.

        Under a backlog of many partitions a few of them are read at a time: a full round of each
        costs one commit where a little of all costs one for every little.
        """
        if not self.left_some or len(streams) <= most:
            return streams, True
        streams.sort(key=lambda stream: self._turns.get(stream, 0))
        now = streams[:most]
        for stream in now:
            self._reads += 1
            self._turns[stream] = self._reads
        return now, False

    def _most(self, units: Sequence[Partition]) -> int:
        """The records that one read may hand to a feed; every partition has the same feeds."""
        if not units:
            return 1
        return max((feed.source.max_records for feed in units[0].feeds.values()), default=1)

    async def _xread(
        self, streams: list[bytes], positions: list[str], count: int, block_ms: int
    ) -> list[Any]:
        wait = ("BLOCK", block_ms) if block_ms else ()
        try:
            self._reading += 1
            self._asked = set(streams)
            self._blocked = block_ms > 0
            reply = await self._client.call(
                "XREAD", "COUNT", count, *wait, "STREAMS", *streams, *positions
            )
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


def _nothing() -> None:
    """Until somebody listens."""
