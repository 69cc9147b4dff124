"""What a source told of its recent matches, remembered in Redis from one reading to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.keys import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import redis

    from producers.corrections import Contents

_AT_ONCE = 500


class Told:
    """The digests of one source, by match, in a hash of one namespace."""

    def __init__(self, client: redis.Redis, namespace: str, source: str) -> None:
        self._client = client
        self._key = told(namespace, source)

    def load(self) -> dict[str, Contents]:
        """All that is remembered."""
        raw: dict[bytes, bytes] = self._client.hgetall(self._key)  # type: ignore[assignment]
        return {
            name.decode(): msgspec.json.decode(contents, type=dict[str, str])
            for name, contents in raw.items()
        }

    def keep(self, told: Mapping[str, Contents], more: Mapping[str, Contents]) -> None:
        """Remember *more* of the matches that it names, beside what was *told* of them."""
        names = list(more)
        for start in range(0, len(names), _AT_ONCE):
            self._client.hset(
                self._key,
                mapping={
                    name: msgspec.json.encode({**told.get(name, {}), **more[name]})
                    for name in names[start : start + _AT_ONCE]
                },
            )

    def forget(self, names: Iterable[str]) -> None:
        """Forget these matches: no correction to them would count any more."""
        gone = list(names)
        for start in range(0, len(gone), _AT_ONCE):
            self._client.hdel(self._key, *gone[start : start + _AT_ONCE])
