"""Answers that look at every match: made again after a change, but not more often than it pays."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.hub import Hub

PAUSE_S = 0.25
"""While changes flow, such an answer may be so old; forecasts themselves never are."""
MOST = 64


class Snapshot(NamedTuple):
    """A body, and the position of the stream that it stands for."""

    position: str
    body: bytes
    made_s: float


class Snapshots:
    """The newest answer to each question."""

    def __init__(self, hub: Hub, clock: Callable[[], float]) -> None:
        self._hub = hub
        self._clock = clock
        self._held: dict[str, Snapshot] = {}

    def of(self, question: str, make: Callable[[], bytes]) -> Snapshot:
        """The answer that is held, or a new one where it is older than it may be."""
        held, now_s = self._held.get(question), self._clock()
        if held and (held.position == self._hub.position or now_s - held.made_s < PAUSE_S):
            return held
        if len(self._held) >= MOST:
            self._held.clear()
        made = Snapshot(self._hub.position, make(), now_s)
        self._held[question] = made
        return made
