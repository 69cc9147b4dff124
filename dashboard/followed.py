"""The forecasts that were followed lately, all revisions, so that a timeline lacks none. Pure."""

from __future__ import annotations

from collections import deque

MOST_BODIES = 20_000
"""What is kept in all, about 25 MB: several minutes of the busiest afternoon."""


class Followed:
    """The newest bodies in the order they came, by match; the oldest make room."""

    def __init__(self, most: int = MOST_BODIES) -> None:
        self._most = most
        self._order: deque[str] = deque()
        self._bodies: dict[str, deque[bytes]] = {}

    def add(self, match_id: str, raw: bytes) -> None:
        """Keep one more body, which is newer than those of its match before."""
        self._order.append(match_id)
        self._bodies.setdefault(match_id, deque()).append(raw)
        if len(self._order) > self._most:
            self._forget(self._order.popleft())

    def of(self, match_id: str) -> list[bytes]:
        """What is kept of a match, oldest first."""
        return list(self._bodies.get(match_id, ()))

    def _forget(self, match_id: str) -> None:
        bodies = self._bodies[match_id]
        bodies.popleft()
        if not bodies:
            del self._bodies[match_id]
