"""The mirror, its freshness, and the stream clients that want to hear of changes."""

from __future__ import annotations

import datetime as dt
import enum
import secrets
from typing import TYPE_CHECKING

from dashboard.audience import Audience
from dashboard.followed import Followed
from dashboard.mirror import Change, Mirror
from dashboard.query import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Freshness(enum.Enum):
    """Whether the mirror follows Redis."""

    FILLING = "filling"
    RECORDED = "recorded"
    """Filled from what Postgres recorded; Redis has not been heard yet."""
    FOLLOWING = "following"
    STOPPED = "stopped"


PATIENCE_S = 4.0
"""A mirror that was told nothing for so long does not follow, whatever it thinks of itself."""


class Hub:
    """Every forecast enters here, once: into the mirror, and to the clients."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.mirror = Mirror()
        self.followed = Followed()
        self.history = secrets.token_hex(4)
        """Names this process's order of changes: another process counts differently."""
        self.filled = False
        self._freshness = Freshness.FILLING
        self.subscriptions = Audience()
        self._clock = clock
        self._heard_s = clock()
        self._stored_ms = 0
        self._dropped_at = 0
        self.ahead = 0
        """Matches of which Redis holds an older forecast than we do: it went back in time."""

    @property
    def stored(self) -> dt.datetime | None:
        """When Redis took in the newest change that we know of, by its own clock."""
        if not self._stored_ms:
            return None
        return dt.datetime.fromtimestamp(self._stored_ms / 1000.0, dt.UTC)

    def was_stored(self, stored_ms: int) -> None:
        """Note when a change was stored, in milliseconds since 1970."""
        self._stored_ms = max(self._stored_ms, stored_ms)

    @property
    def freshness(self) -> Freshness:
        """Whether what is held is the newest; a task that hangs cannot make it look so."""
        following = self._freshness is Freshness.FOLLOWING
        if following and self._clock() - self._heard_s > PATIENCE_S:
            return Freshness.STOPPED
        return self._freshness

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
        self._freshness = Freshness.FOLLOWING
        self.filled = True

    def recalled(self, age_s: float) -> None:
        """Postgres has told us all that it had, the newest of it *age_s* old."""
        self._heard_s = self._clock() - age_s
        self._freshness = Freshness.RECORDED
        self.filled = True

    def lost(self) -> None:
        """Redis does not answer: what we hold may be old from now on."""
        if self._freshness is Freshness.FOLLOWING:
            self._freshness = Freshness.STOPPED

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
        changes = self.mirror.drop(match_ids)
        if changes:
            self._dropped_at = self.mirror.sequence
        self._tell(changes)

    def missed(self, position: str, query: Query) -> list[Change] | None:
        """What changed after *position*; none when it is not of this process's order.

        A match may have left the selection meanwhile, so status and date are not looked at.
        """
        history, _, sequence = position.partition("-")
        if history != self.history or not (sequence.isascii() and sequence.isdigit()):
            return None
        if int(sequence[:18]) < self._dropped_at:
            return None  # what is gone since then is in no list of ours
        changes = [Change(e.head.match_id, None, e) for e in self.mirror.since(int(sequence[:18]))]
        lasting = Query(match_ids=query.match_ids, competition=query.competition, team=query.team)
        return [change for change in changes if lasting.concerns(change)]

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for subscription in self.subscriptions:
            subscription.close()

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            self.subscriptions.tell(change)
