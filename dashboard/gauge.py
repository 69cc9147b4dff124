"""What the status asks of Redis: lags, lengths, versions, and who sent the newest events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from dashboard.source import connect, position_of
from schemas import keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dashboard.settings import Settings

APPS = {"forecast": keys.EVENTS, "record": keys.CHANGES, "archive": keys.EVENTS}
"""Which topic each app reads."""
SHADOW = "shadow"
"""The app of a challenger; it is told of only where it has read something."""
MODEL_FIELD = "model"
"""The field of a partition's state that holds the label in force."""
LOOK_BACK = 500
"""So many events of each partition are read at first, to know which feeds there are."""
MOST_EVENTS = 2_000
"""More new events than this are skipped: the newest tell as much of who is there."""


class Lag(Struct, frozen=True):
    """Entries that an app has not committed, and how long the oldest of them has waited."""

    lag: int
    lag_s: float


class PartitionRow(Struct, frozen=True):
    """A partition: its apps by name, the models at work, and how many entries its streams got."""

    partition: int
    pools: list[str]
    apps: dict[str, Lag]
    model: str | None
    challenger: str | None
    events: int
    changes: int
    dead: int


class Look(Struct, frozen=True):
    """What Redis said at one moment; ``now_ms`` by its own clock, since 1970."""

    now_ms: float
    redis: str
    partitions: list[PartitionRow]


class Gauge:
    """A connection of its own, so that a look never waits behind the mirror's reads."""

    def __init__(self, settings: Settings) -> None:
        self._redis = connect(settings)
        self._namespace = settings.namespace
        self._partitions = range(settings.partitions)
        self._heard: dict[int, str] = {}
        self._version = ""

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose()

    async def look(self) -> Look:
        """Ask how every partition is.

        Raises:
            RedisError: When Redis does not answer.
        """
        if not self._version:
            self._version = await self._server()
        seconds, micros = await self._redis.time()
        now_ms = seconds * 1000.0 + micros / 1000.0
        told: Any = await self._redis.hgetall(keys.pools(self._namespace))
        pools = sorted((int(partition), pool.decode()) for pool, partition in told.items())
        rows = [
            await self._partition(partition, [name for p, name in pools if p == partition], now_ms)
            for partition in self._partitions
        ]
        return Look(now_ms, self._version, rows)

    async def new_events(self) -> AsyncIterator[tuple[int, bytes]]:
        """The events stored since the last call, ms since 1970 and body; at first the newest.

        Raises:
            RedisError: When Redis does not answer.
        """
        for partition in self._partitions:
            name = keys.stream(self._namespace, partition, keys.EVENTS)
            after = self._heard.get(partition)
            count = LOOK_BACK if after is None else MOST_EVENTS
            lowest = "-" if after is None else f"({after}"
            found: Any = await self._redis.xrevrange(name, min=lowest, count=count)
            for entry_id, fields in reversed(found):
                yield position_of(entry_id)[0], (fields or {}).get(b"e", b"")
            if found:
                self._heard[partition] = found[0][0].decode()

    async def _server(self) -> str:
        told: Any = await self._redis.info("server")
        name = "valkey" if "valkey_version" in told else "redis"
        return f"{name} {told.get('valkey_version', told['redis_version'])}"

    async def _partition(self, partition: int, pools: list[str], now_ms: float) -> PartitionRow:
        topics = APPS | {SHADOW: keys.EVENTS}
        cursors = {app: keys.cursor(self._namespace, partition, app) for app in topics}
        async with self._redis.pipeline(transaction=False) as pipeline:
            for topic in (keys.EVENTS, keys.CHANGES):
                pipeline.execute_command("XINFO", "STREAM", self._key(partition, topic))
            pipeline.xlen(self._key(partition, keys.DEAD))
            for state in (keys.STATE, keys.SHADOW):
                pipeline.hget(self._key(partition, state), MODEL_FIELD)
            for key in cursors.values():
                pipeline.hmget(key, "position", "count")
            replies: Any = await pipeline.execute(raise_on_error=False)
        streams = dict(zip((keys.EVENTS, keys.CHANGES), map(_pairs, replies), strict=False))
        dead, model, challenger, *positions = replies[2:]
        lags = {
            app: await self._lag(partition, topics[app], streams[topics[app]], position, now_ms)
            for app, position in zip(cursors, positions, strict=True)
            if app != SHADOW or position[0]
        }
        added = {topic: int(told.get(b"entries-added", 0)) for topic, told in streams.items()}
        return PartitionRow(
            partition,
            pools,
            lags,
            model.decode() if model else None,
            challenger.decode() if challenger and SHADOW in lags else None,
            added[keys.EVENTS],
            added[keys.CHANGES],
            int(dead),
        )

    async def _lag(
        self, partition: int, topic: str, told: dict[bytes, Any], cursor: list[Any], now_ms: float
    ) -> Lag:
        position, count = cursor[0] or b"0-0", int(cursor[1] or 0)
        if position == told.get(b"last-generated-id", b"0-0"):
            return Lag(0, 0.0)
        oldest: Any = await self._redis.xrange(
            self._key(partition, topic), min=b"(" + position, count=1
        )
        if not oldest:
            return Lag(0, 0.0)
        waited_ms = now_ms - position_of(oldest[0][0])[0]
        return Lag(max(1, int(told[b"entries-added"]) - count), round(max(0.0, waited_ms) / 1e3, 3))

    def _key(self, partition: int, topic: str) -> str:
        return keys.stream(self._namespace, partition, topic)


def _pairs(reply: Any) -> dict[bytes, Any]:  # noqa: ANN401 - a reply, or the error for no stream
    """What ``XINFO STREAM`` says; nothing of a stream that is not there."""
    return {} if isinstance(reply, Exception) else dict(zip(reply[::2], reply[1::2], strict=True))
