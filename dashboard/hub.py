"""The mirror, its freshness, and the stream clients that want to hear of changes."""

from __future__ import annotations

import asyncio
import enum
import secrets
from typing import TYPE_CHECKING

from dashboard.followed import Followed
from dashboard.mirror import Change, Mirror
from dashboard.query import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Freshness(enum.Enum):
    """Whether the mirror follows Redis."""

    FILLING = "filling"
    FOLLOWING = "following"
    STOPPED = "stopped"


class Subscription:
    """What one client still has to be told: the newest change of each match, never a queue."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self.closed = False
        self._pending: dict[str, Change] = {}
        self._wake = asyncio.Event()

    def offer(self, change: Change) -> None:
        """Note a change if this client asked for it; it replaces one not yet told."""
        if self.query.concerns(change):
            # Out and in again, so that what is told is in the order of the newest changes.
            self._pending.pop(change.match_id, None)
            self._pending[change.match_id] = change
            self._wake.set()

    def close(self) -> None:
        """End: the client is told nothing more."""
        self.closed = True
        self._wake.set()

    async def take(self) -> list[Change]:
        """Wait until there is something to tell, and take all of it; empty when closed."""
        await self._wake.wait()
        if self.closed:
            return []
        self._wake.clear()
        changes = list(self._pending.values())
        self._pending.clear()
        return changes


class Hub:
    """Every forecast enters here, once: into the mirror, and to the clients."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.mirror = Mirror()
        self.followed = Followed()
        self.history = secrets.token_hex(4)
        """Names this process's order of changes: another process counts differently."""
        self.filled = False
        self.freshness = Freshness.FILLING
        self.subscriptions: set[Subscription] = set()
        self._clock = clock
        self._heard_s = clock()

    @property
    def age_s(self) -> float:
        """Seconds since the mirror last knew that it holds the newest; 0 while it follows."""
        following = self.freshness is Freshness.FOLLOWING
        return 0.0 if following else self._clock() - self._heard_s

    @property
    def position(self) -> str:
        """Where a stream has to go on to miss nothing after what is held now."""
        return f"{self.history}-{self.mirror.sequence}"

    def heard(self) -> None:
        """Redis has just told us all that it had."""
        self._heard_s = self._clock()
        self.freshness = Freshness.FOLLOWING
        self.filled = True

    def lost(self) -> None:
        """Redis does not answer: what we hold may be old from now on."""
        self.freshness = Freshness.STOPPED if self.filled else Freshness.FILLING

    def take(self, raw: bytes) -> None:
        """Take a forecast in and tell the clients if it is news.

        Raises:
            msgspec.DecodeError: When *raw* is no forecast.
        """
        change = self.mirror.apply(raw)
        if change is not None:
            self.followed.add(change.match_id, raw)
            self._tell([change])

    def drop(self, match_ids: Iterable[str]) -> None:
        """Forget matches whose keys are gone, and tell the clients."""
        self._tell(self.mirror.drop(match_ids))

    def missed(self, position: str, query: Query) -> list[Change] | None:
        """What changed after *position*; none when it is not of this process's order.

        A match may have left the selection meanwhile, so status and date are not looked at.
        """
        history, _, sequence = position.partition("-")
        if history != self.history or not (sequence.isascii() and sequence.isdigit()):
            return None
        changes = [Change(e.head.match_id, None, e) for e in self.mirror.since(int(sequence[:18]))]
        lasting = Query(match_id=query.match_id, competition=query.competition)
        return [change for change in changes if lasting.concerns(change)]

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for subscription in self.subscriptions:
            subscription.close()

    def _tell(self, changes: list[Change]) -> None:
        for subscription in self.subscriptions:
            for change in changes:
                subscription.offer(change)
