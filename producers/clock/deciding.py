"""The pure core: from the instant and what was heard to the events that the clock writes.

Every event's id and time follow from the match and the minute, never from the instant of deciding:
two leaders at once, or one that comes back, write the same events, and copies change nothing.
"""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import TYPE_CHECKING

from producers.clock.watch import CLOCK as SOURCE
from producers.clock.watch import LONGEST, Live
from producers.timetable import london_day, start_of_day
from schemas.events import (
    AnyEvent,
    ClockTick,
    ClockTickData,
    FeedSilent,
    FeedSilentData,
    FeedState,
    FeedStatus,
    FeedStatusData,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["SOURCE", "decide", "minute_of"]

_MINUTE = dt.timedelta(minutes=1)
_HALF, _FULL = 45, 90
# Where no half-time is told: two minutes are added, and the break lasts fifteen.
_HALF_TIME_AFTER, _BREAK = 47 * _MINUTE, 15 * _MINUTE
_MOST_STOPPAGE = 30


def decide(
    now: dt.datetime,
    matches: Iterable[Live],
    last_heard: Mapping[tuple[str, str], dt.datetime],
    pools: Iterable[str],
    silent_after: dt.timedelta,
    spoke_again: Mapping[tuple[str, str], tuple[dt.datetime, dt.datetime]] = MappingProxyType({}),
) -> list[AnyEvent]:
    """Say what is due at *now*: each pool's day, each live match's minute, each feed's silence.

    And the end of a silence: few feeds say themselves that they are back.

    Only the newest minute is told: those that were missed are no longer now. Matches of a feed that
    has said nothing for *silent_after* are not ticked.
    """
    told: list[AnyEvent] = [_day(pool, london_day(now)) for pool in sorted(set(pools))]
    silent: dict[tuple[str, str], FeedSilent] = {}
    ticks: list[AnyEvent] = []
    for match in sorted(matches, key=lambda match: match.match_id):
        if match.ended or not dt.timedelta() <= now - match.started_at <= LONGEST:
            continue
        heard = last_heard.get((match.pool, match.source), match.started_at)
        if now - heard > silent_after:
            key = match.pool, match.source
            silent[key] = _silence(*key, heard, silent_after)
        elif (tick := _tick(match, now)) is not None:
            ticks.append(tick)
    back = [_back(*key, *spoke_again[key]) for key in sorted(spoke_again)]
    return told + [silent[key] for key in sorted(silent)] + back + ticks


def minute_of(match: Live, now: dt.datetime) -> tuple[int, int, dt.datetime] | None:
    """The minute and the stoppage of a live match, and when that minute began; none in a break."""
    second = match.second_half_at
    if second is None:
        half_time = match.half_time_at
        if half_time is None and now < match.started_at + _HALF_TIME_AFTER:
            return _counted(match.started_at, 0, now)
        if half_time is not None and now < half_time:
            return _counted(match.started_at, 0, now)
        second = (half_time or match.started_at + _HALF_TIME_AFTER) + _BREAK
    return None if now < second else _counted(second, _HALF, now)


def _counted(begun: dt.datetime, first: int, now: dt.datetime) -> tuple[int, int, dt.datetime]:
    passed = min((now - begun) // _MINUTE, _HALF + _MOST_STOPPAGE)
    minute = first + min(passed, _HALF)
    return minute, max(0, passed - _HALF), begun + passed * _MINUTE


def _tick(match: Live, now: dt.datetime) -> ClockTick | None:
    found = minute_of(match, now)
    if found is None:
        return None
    minute, stoppage, began = found
    words = f"{minute}+{stoppage}" if stoppage else f"{minute}"
    # A match that is started again counts its minutes anew.
    start = f"{match.started_at:%Y%m%dT%H%M%S}"
    return ClockTick(
        id=f"{match.match_id}:minute:{start}:{began:%H%M%S}:{words}",
        source=SOURCE,
        subject=match.match_id,
        time=began,
        partitionkey=match.pool,
        data=ClockTickData(minute=minute, stoppage=stoppage),
    )


def _day(pool: str, day: dt.date) -> ClockTick:
    return ClockTick(
        id=f"{pool}:day:{day}",
        source=SOURCE,
        time=start_of_day(day),
        partitionkey=pool,
        data=ClockTickData(day=day),
    )


def _silence(pool: str, source: str, heard: dt.datetime, silent_after: dt.timedelta) -> FeedSilent:
    return FeedSilent(
        id=f"{pool}:silent:{source}:{heard.isoformat()}",
        source=SOURCE,
        time=heard + silent_after,
        partitionkey=pool,
        data=FeedSilentData(silent_source=source, last_heard=heard),
    )


def _back(pool: str, source: str, since: dt.datetime, heard: dt.datetime) -> FeedStatus:
    """The source's own word on itself, which is the one that ends its silence."""
    return FeedStatus(
        id=f"{pool}:back:{since.isoformat()}",
        source=source,
        time=heard,
        partitionkey=pool,
        data=FeedStatusData(state=FeedState.RECOVERED),
    )
