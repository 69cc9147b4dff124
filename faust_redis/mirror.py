"""Global tables: what every worker of the app has committed to them, followed by each."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from faust_redis.changelog import FOLD_AFTER_S, scanned, snapshot_of
from faust_redis.client import TRANSIENT, Client
from faust_redis.errors import CommandError, ServerUnavailableError
from faust_redis.positions import START, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faust_redis.codec import TableCodec
    from faust_redis.keys import Keyspace

_log = logging.getLogger(__name__)

_BLOCK_MS = 1000
_COUNT = 1000
_PAUSE_S = 0.1
_LONGEST_GAP_S = FOLD_AFTER_S / 3
_HERE_NO_MORE = object()

Cell = tuple[int, int, Any]
"""When it was committed (as an offset), in which partition, and the value."""


class Mirror:
    """The newest value of each key over all partitions, by the changelogs of global tables."""

    def __init__(self, client: Client, keyspace: Keyspace, partitions: int) -> None:
        self._client = client
        self._keyspace = keyspace
        self._partitions = partitions
        self._codecs: dict[bytes, tuple[TableCodec, int]] = {}
        self._read_to: dict[bytes, str] = {}
        self._cells: dict[str, dict[Any, Cell]] = {}
        self._stale = True
        self.loaded = asyncio.Event()
        """Set once what was committed before the start is known; at once without such tables."""

    def follow(self, codecs: list[TableCodec]) -> bool:
        """Follow the global ones among these tables; False when there are none."""
        for codec in codecs:
            if codec.is_global:
                self._cells[codec.name] = {}
                for number in range(self._partitions):
                    stream = self._keyspace.of(number, codec.changelog).encode()
                    self._codecs[stream] = codec, number
        if not self._codecs:
            self.loaded.set()
        return bool(self._codecs)

    def forget(self) -> None:
        """Read everything anew: the server may have gone back in time."""
        self._stale = True

    def cells(self, table: str) -> dict[Any, Cell]:
        """The newest of each key of one table."""
        return self._cells[table]

    async def load(self) -> None:
        """Read the changelogs from their start, then what was moved out of them meanwhile."""
        self._stale = False
        self._read_to = dict.fromkeys(self._codecs, START)
        for cells in self._cells.values():
            cells.clear()
        while await self._read(block=False):
            pass
        for stream, (codec, partition) in self._codecs.items():
            moved = await scanned(self._client, snapshot_of(stream.decode()))
            for key, told in moved.items():
                position, there, value = told.partition(b" ")
                words = [b"k", key, b"e", value] if there else [b"k", key]
                self._take(codec, partition, position.decode(), words)

    async def run(self, stopped: Callable[[], bool]) -> None:
        """Follow until *stopped*; what was missed while the server was away is read anew.

        Raises:
            CommandError: When the server refuses for good.
        """
        heard_s = time.monotonic()
        while not stopped():
            try:
                if self._stale:
                    await self.load()
                    self.loaded.set()
                    heard_s = time.monotonic()
                await self._read(block=True)
                # Who was halted for long may have missed entries that went into the snapshot.
                heard_s, before_s = time.monotonic(), heard_s
                self._stale |= heard_s - before_s > _LONGEST_GAP_S
            except ServerUnavailableError as error:
                if stopped():
                    return
                _log.warning("global tables wait for Redis: %s", error)
                self._stale = True
                await self._client.connected()
            except CommandError as error:
                if error.code not in TRANSIENT:
                    raise
                await asyncio.sleep(_PAUSE_S)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    async def _read(self, *, block: bool) -> bool:
        wait = ("BLOCK", _BLOCK_MS) if block else ()
        reply = await self._client.call(
            "XREAD", "COUNT", _COUNT, *wait, "STREAMS", *self._read_to, *self._read_to.values()
        )
        for stream, entries in reply or ():
            codec, partition = self._codecs[stream]
            for entry_id, words in entries:
                self._take(codec, partition, entry_id.decode(), words)
            self._read_to[stream] = entries[-1][0].decode()
        return bool(reply)

    def _take(
        self, codec: TableCodec, partition: int, position: str, words: list[bytes] | None
    ) -> None:
        fields = dict(zip((words or [])[::2], (words or [])[1::2], strict=True))
        if b"k" not in fields:
            return
        key, cells, at = codec.decode_key(fields[b"k"]), self._cells[codec.name], pack(position)
        known = cells.get(key)
        # Of two partitions' values the one that was committed last stands, as on Kafka.
        if known is not None and known[0] > at:
            return
        value = codec.decode_value(fields[b"e"]) if b"e" in fields else _HERE_NO_MORE
        cells[key] = at, partition, value


class GlobalView(Mapping[Any, Any]):
    """A global table as one partition's agent sees it: its own writes, else what others committed.

    Without *own* it is what all have committed.
    """

    def __init__(
        self, cells: dict[Any, Cell], own: Mapping[Any, Any] | None, partition: int
    ) -> None:
        self._cells = cells
        self._own = own if own is not None else {}
        self._partition = partition

    def __getitem__(self, key: object) -> Any:  # noqa: ANN401
        if key in self._own:
            return self._own[key]
        if self._visible(key):
            return self._cells[key][2]
        raise KeyError(key)

    def _visible(self, key: object) -> bool:
        """True where another partition has it; what is missing in ours was deleted here."""
        cell = self._cells.get(key)
        return cell is not None and cell[2] is not _HERE_NO_MORE and cell[1] != self._partition

    def __contains__(self, key: object) -> bool:
        return key in self._own or self._visible(key)

    def __iter__(self) -> Iterator[Any]:
        yield from self._own
        for key in list(self._cells):
            if key not in self._own and self._visible(key):
                yield key

    def __len__(self) -> int:
        return sum(1 for _ in self)
