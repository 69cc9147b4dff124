"""Following streams with redis-py: what the bare loops and the watcher of latencies read with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import redis

Entry = tuple[bytes, dict[bytes, bytes]]


class Follower:
    """Reads several streams from where it left off; each by its place in *names*."""

    def __init__(self, client: redis.Redis, names: Sequence[str], *, count: int) -> None:
        self._client = client
        self._places = {name.encode(): place for place, name in enumerate(names)}
        self._read_to: dict[Any, Any] = dict.fromkeys(self._places, "0-0")
        self._count = count

    def skip(self) -> None:
        """Go to the ends of the streams."""
        for name in self._places:
            newest: Any = self._client.xrevrange(name, count=1)
            if newest:
                self._read_to[name] = newest[0][0]

    def read(self, block_ms: int = 1000) -> Iterator[tuple[int, list[Entry]]]:
        """Yield the next entries of every stream that has some; nothing after *block_ms*."""
        found: Any = self._client.xread(self._read_to, count=self._count, block=block_ms)
        for name, entries in found or ():
            self._read_to[name] = entries[-1][0]
            yield self._places[name], entries
