"""The one order of events: by time, then phase, then match; and a pool's days told within it."""

from __future__ import annotations

import datetime as dt
import heapq
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from producers.timetable import london_day, start_of_day
from schemas.events import (
    AnyEvent,
    ClockTick,
    ClockTickData,
    FixtureScheduled,
    MatchFinished,
    MatchIncident,
    MatchPeriod,
    MatchStarted,
    MatchStatistics,
    OddsChanged,
    OddsPhase,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

OrderKey: TypeAlias = tuple[dt.datetime, int, str, str]

_PHASES: dict[type, int] = {
    FixtureScheduled: 1,
    MatchStarted: 4,
    MatchIncident: 5,
    MatchPeriod: 6,
    MatchStatistics: 8,
    MatchFinished: 9,
}
_LAST = 10
_DAY_TICK = 0
_OPENING = 2
_CLOSING = 3
_MINUTE_TICK = 7


def _phase(event: AnyEvent) -> int:
    if isinstance(event, OddsChanged):
        return _OPENING if event.data.phase is OddsPhase.OPENING else _CLOSING
    if isinstance(event, ClockTick):
        return _MINUTE_TICK if event.data.day is None else _DAY_TICK
    return _PHASES.get(type(event), _LAST)


def order_key(event: AnyEvent) -> OrderKey:
    """Give what events sort by: time, phase of a match's life, match id, event id."""
    return event.time, _phase(event), event.subject, event.id


class Chapter(Struct, frozen=True):
    """A part of a feed, read only when the story reaches ``begins``: nothing in it is earlier."""

    begins: dt.datetime
    events: Callable[[], Iterable[AnyEvent]]


def in_order(chapters: Sequence[Chapter]) -> Iterator[AnyEvent]:
    """Yield the events of all chapters in order, holding in memory only those that overlap."""
    waiting = sorted(chapters, key=lambda chapter: chapter.begins, reverse=True)
    heap: list[tuple[OrderKey, AnyEvent]] = []
    while waiting or heap:
        while waiting and (not heap or waiting[-1].begins <= heap[0][1].time):
            heap.extend((order_key(event), event) for event in waiting.pop().events())
            heapq.heapify(heap)
        if heap:
            yield heapq.heappop(heap)[1]


def with_days(events: Iterable[AnyEvent], *, source: str) -> Iterator[AnyEvent]:
    """Put a tick at the start of each day, from the first event of *one* pool to its last."""
    day: dt.date | None = None
    for event in events:
        today = london_day(event.time)
        day = today if day is None else day
        while day <= today:
            yield _day_tick(event.partitionkey, day, source)
            day += dt.timedelta(days=1)
        yield event


def _day_tick(pool: str, day: dt.date, source: str) -> ClockTick:
    return ClockTick(
        id=f"{pool}:day:{day}",
        source=source,
        time=start_of_day(day),
        partitionkey=pool,
        data=ClockTickData(day=day),
    )
