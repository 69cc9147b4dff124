"""Takes the forecasts of a replay off its changes streams while it runs, so that none pile up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from schemas.keys import CHANGES, stream

if TYPE_CHECKING:
    import redis

    from commands.settings import Settings

_PAGE_ENTRIES = 2000
_LOOK_S = 0.5


class Reader(Protocol):
    """Whoever wants to see each forecast's bytes once."""

    def add(self, body: bytes) -> None:
        """Look at one forecast."""
        ...


class Changes:
    """Hands every forecast of a namespace to a reader, once, and removes what was handed over.

    For a replay's own namespace only: nobody else can read what was taken.
    """

    def __init__(self, client: redis.Redis, settings: Settings, reader: Reader) -> None:
        self._client = client
        self._keys = [
            stream(settings.namespace, partition, CHANGES)
            for partition in range(settings.partitions)
        ]
        self._reader = reader
        self._looked_at_s = time.monotonic()

    def look(self) -> None:
        """Take what is there, twice a second at most."""
        if time.monotonic() - self._looked_at_s > _LOOK_S:
            self.take()
            self._looked_at_s = time.monotonic()

    def take(self) -> None:
        """Take all that is there."""
        for key in self._keys:
            after = b"-"
            while page := self._page(key, after):
                for _, body in page:
                    self._reader.add(body)
                newest = page[-1][0]
                after = b"(" + newest
                self._client.xtrim(key, minid=_next(newest), approximate=False)

    def _page(self, key: str, after: bytes) -> list[tuple[bytes, bytes]]:
        # redis-py's types know neither that ids are bytes here nor that no entry is missing.
        page: Any = self._client.xrange(key, min=after, count=_PAGE_ENTRIES)
        return [(entry_id, fields[b"e"]) for entry_id, fields in page]


def _next(entry_id: bytes) -> str:
    milliseconds, _, sequence = entry_id.decode().partition("-")
    return f"{milliseconds}-{int(sequence) + 1}"
