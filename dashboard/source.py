"""What the reads ask of Redis, with the types of its replies in one place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from schemas import keys
from schemas.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from dashboard.settings import Settings

Position: TypeAlias = tuple[int, int]
"""An entry id of a stream: milliseconds, and a count within them."""

CHUNK = 500
START: Position = (0, 0)
STATE_FIELD = "m:"
"""What a match's field in the state hash begins with."""
_GLOB = re.compile(r"([*?\[\]\\])")


def connect(settings: Settings) -> Redis:
    """A client that speaks RESP2 (list replies) and fails at once: whoever asks decides to wait.

    Raises:
        SettingsError: When the address cannot be read.
    """
    try:
        return Redis.from_url(
            settings.redis_url,
            protocol=2,
            socket_timeout=settings.redis_timeout_s,
            socket_connect_timeout=settings.redis_timeout_s,
            retry=Retry(NoBackoff(), 0),
            max_connections=64,
        )
    except ValueError as error:
        msg = "the address of Redis cannot be read: write redis://, rediss:// or unix://"
        raise SettingsError(msg) from error


class Source:
    """One namespace in Redis; every method raises ``RedisError`` when Redis does not answer."""

    def __init__(self, settings: Settings) -> None:
        self._redis = connect(settings)
        self._namespace = settings.namespace
        self._partitions = range(settings.partitions)
        self._prefix = keys.prediction_prefix(settings.namespace)

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose()

    async def get(self, match_id: str) -> bytes | None:
        """The body under a match's key."""
        raw: Any = await self._redis.get(self._prefix + match_id)
        return None if raw is None else bytes(raw)

    async def bodies(self, match_ids: Iterable[str]) -> AsyncIterator[tuple[str, bytes | None]]:
        """The bodies under the keys of many matches."""
        wanted = list(match_ids)
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            found: Any = await self._redis.mget([self._prefix + match_id for match_id in chunk])
            for match_id, raw in zip(chunk, found, strict=True):
                yield match_id, raw

    async def match_ids(self) -> set[str]:
        """Every match that has a key."""
        pattern = _GLOB.sub(r"\\\1", self._prefix) + "*"
        found = set()
        async for name in self._redis.scan_iter(match=pattern, count=CHUNK):
            found.add(bytes(name)[len(self._prefix) :].decode("utf-8", "replace"))
        return found

    async def is_known(self, match_id: str) -> bool:
        """Whether any partition's state holds the match."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for partition in self._partitions:
                state = keys.stream(self._namespace, partition, keys.STATE)
                pipeline.hexists(state, STATE_FIELD + match_id)
            return any(await pipeline.execute())

    async def last_positions(self) -> dict[int, Position]:
        """The newest entry of each partition's changes; (0, 0) where there is none."""
        positions = {}
        for partition in self._partitions:
            newest: Any = await self._redis.xrevrange(self._changes(partition), count=1)
            positions[partition] = position_of(newest[0][0]) if newest else START
        return positions

    async def read(
        self, positions: dict[int, Position], block_ms: int
    ) -> AsyncIterator[tuple[int, Position, bytes]]:
        """Wait for changes after *positions*: partition, position and body of each, in order."""
        streams: dict[Any, Any] = {
            self._changes(partition): f"{milliseconds}-{count}"
            for partition, (milliseconds, count) in positions.items()
        }
        partitions = {name.encode(): p for name, p in zip(streams, positions, strict=True)}
        reply: Any = await self._redis.xread(streams, count=CHUNK, block=block_ms)
        for name, entries in reply:
            for entry_id, fields in entries:
                yield partitions[name], position_of(entry_id), (fields or {}).get(b"e", b"")

    def _changes(self, partition: int) -> str:
        return keys.stream(self._namespace, partition, keys.CHANGES)


def position_of(entry_id: bytes) -> Position:
    """Read an entry id such as ``1732300000000-3``."""
    milliseconds, _, count = entry_id.partition(b"-")
    return int(milliseconds), int(count)
