"""What the clock keeps of what it hears: the matches in play, and when each feed last spoke."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from msgspec import Struct

from schemas.events import (
    FeedSilent,
    FeedState,
    FeedStatus,
    FixtureChanged,
    FixtureStatus,
    MatchFinished,
    MatchIncident,
    MatchPeriod,
    MatchSnapshot,
    MatchStarted,
    Period,
)

if TYPE_CHECKING:
    from schemas.events import AnyEvent

CLOCK = "clock"
LONGEST = dt.timedelta(hours=3)
"""A match that began longer ago, and of whose end nothing was heard, is no longer ticked."""

_CALLED_OFF = frozenset(
    {
        FixtureStatus.POSTPONED,
        FixtureStatus.CANCELLED,
        FixtureStatus.ABANDONED,
        FixtureStatus.AWARDED,
    }
)
_OVER = frozenset({Period.FULL_TIME, Period.EXTRA_TIME, Period.PENALTIES})


class Live(Struct):
    """A match in play: which feed told of it last, and when its halves began, where that is known.

    ``ended`` is set once it is over; a word that came late does not bring it back.
    """

    match_id: str
    pool: str
    source: str
    started_at: dt.datetime
    half_time_at: dt.datetime | None = None
    second_half_at: dt.datetime | None = None
    ended: bool = False


class Watch:
    """Folds whatever is on the streams into what the clock must know."""

    def __init__(self) -> None:
        self.matches: dict[str, Live] = {}
        self.last_heard: dict[tuple[str, str], dt.datetime] = {}
        """When a source last said something in a pool: from pool and source to an instant."""
        self.spoke_again: dict[tuple[str, str], tuple[dt.datetime, dt.datetime]] = {}
        """Of sources that were called silent: when that was, and when they were heard next."""
        self._silent: dict[tuple[str, str], dt.datetime] = {}

    def hear(self, event: AnyEvent, at: dt.datetime) -> None:
        """Take in an event that was stored at the instant *at*."""
        if isinstance(event, FeedSilent):
            self._called_silent((event.partitionkey, event.data.silent_source), event.time)
        if event.source == CLOCK:
            return
        key = event.partitionkey, event.source
        gap = isinstance(event, FeedStatus) and event.data.state is FeedState.GAP
        if not gap:
            self._spoke(key, at)
        if not event.subject:
            return
        match = self.matches.get(event.subject)
        if isinstance(event, MatchStarted):
            self._start(event, match)
        elif match is not None:
            _told(match, event)

    def _called_silent(self, key: tuple[str, str], since: dt.datetime) -> None:
        if since > self._silent.get(key, dt.datetime.min.replace(tzinfo=dt.UTC)):
            self._silent[key] = since
            self.spoke_again.pop(key, None)

    def _spoke(self, key: tuple[str, str], at: dt.datetime) -> None:
        self.last_heard[key] = max(at, self.last_heard.get(key, at))
        since = self._silent.get(key)
        if since is not None and at > since and key not in self.spoke_again:
            self.spoke_again[key] = since, at

    def _start(self, event: MatchStarted, match: Live | None) -> None:
        # A match that was abandoned may be started again; one that was over is not brought back by
        # a copy of its first start. While it is played another source's start is no new one.
        if match is None or (match.ended and event.time > match.started_at):
            self.matches[event.subject] = Live(
                event.subject, event.partitionkey, event.source, event.time
            )

    def forget(self, now: dt.datetime) -> None:
        """Drop the matches that began too long ago to be in play."""
        for match in list(self.matches.values()):
            if now - match.started_at > LONGEST:
                del self.matches[match.match_id]


def _told(match: Live, event: AnyEvent) -> None:
    if isinstance(event, MatchFinished):
        match.ended = True
    elif isinstance(event, FixtureChanged):
        match.ended = match.ended or event.data.status in _CALLED_OFF
    elif isinstance(event, MatchIncident | MatchSnapshot):
        match.source = event.source
    elif isinstance(event, MatchPeriod):
        match.source = event.source
        _period(match, event)


def _period(match: Live, event: MatchPeriod) -> None:
    if event.data.period is Period.HALF_TIME:
        match.half_time_at = event.time
    elif event.data.period is Period.SECOND_HALF:
        match.second_half_at = event.time
    elif event.data.period in _OVER:
        match.ended = True
