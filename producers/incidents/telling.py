"""A match told by the minute: which instant each minute of play is, and the events of it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from producers import football_data
from producers.match_events import Wanted, events_of
from producers.timetable import FULL_TIME_AFTER
from schemas.events import (
    AnyEvent,
    ClockTick,
    ClockTickData,
    IncidentKind,
    MatchFinished,
    MatchFinishedData,
    MatchIncident,
    MatchIncidentData,
    MatchPeriod,
    MatchPeriodData,
    MatchStarted,
    MatchStartedData,
    MatchStatistics,
    Period,
    Side,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from producers.incidents.files import Happening
    from producers.incidents.joining import Story
    from producers.match_rows import MatchRow

SOURCE = "incidents"
MARKS = (15, 30, 45, 60, 75, 90)
"""The minutes at which forecasts are scored."""

_HALF, _FULL = 45, 90
# What is added to a half at least, so that half-time is 47 minutes after kick-off as elsewhere.
_ADDED = 2
_BREAK = 15
_PAUSE = 5


class Telling(Struct, frozen=True):
    """How matches are told: with which odds, and with a tick at which minutes.

    Matches before ``play_from`` only build state, which no incident enters: they are told by their
    start and their result, at the times that their play gives them, in a third of the events.
    """

    wanted: Wanted = msgspec.field(default_factory=Wanted)
    ticks: tuple[int, ...] = MARKS
    play_from: dt.date | None = None

    def has_play(self, day: dt.date) -> bool:
        """Whether matches of *day* are told by the minute."""
        return self.play_from is None or day >= self.play_from


class Clock(Struct, frozen=True):
    """Minutes after kick-off at which the halves end; they end later where more was added."""

    first_half: int
    second_half: int

    def minutes(self, minute: int, stoppage: int = 0) -> int:
        """Minutes of real time from kick-off to a minute of play."""
        if minute <= _HALF:
            return minute + stoppage
        if minute <= _FULL:
            return self.first_half + _BREAK + (minute - _HALF) + stoppage
        # Extra time, without its own break: nothing is scored by it.
        return self.second_half + _PAUSE + (minute - _FULL) + stoppage


def clock_of(happenings: Iterable[Happening]) -> Clock:
    """Let each half last as long as its latest incident, and two minutes over at least."""
    first = max([_ADDED, *(h.minute + h.stoppage - _HALF for h in happenings if h.minute <= _HALF)])
    second = max(
        [_ADDED, *(h.minute + h.stoppage - _FULL for h in happenings if _HALF < h.minute <= _FULL)]
    )
    first_half = _HALF + first
    return Clock(first_half, first_half + _BREAK + _HALF + second)


def events(story: Story, telling: Telling) -> Iterator[AnyEvent]:
    """Yield what is known of a match before it, of its play, and of its end; in any order."""
    row = story.row
    # The fixture is this feed's; prices are football-data's own events, with its source and ids, so
    # that both feeds together publish each once.
    unplayed = msgspec.structs.replace(row, result=None)
    announced = msgspec.structs.replace(telling.wanted, odds="none")
    yield from events_of(unplayed, announced, source=SOURCE)
    prices = events_of(unplayed, telling.wanted, source=football_data.SOURCE)
    next(prices)
    yield from prices
    yield from _play(story, telling)


def _head(row: MatchRow, name: str, time: dt.datetime) -> dict[str, Any]:
    return {
        "id": f"{row.match_id}:{name}",
        "source": SOURCE,
        "subject": row.match_id,
        "time": time,
        "partitionkey": row.pool,
    }


def _play(story: Story, telling: Telling) -> Iterator[AnyEvent]:
    row, clock = story.row, clock_of(story.happenings)

    def at(minutes: int) -> dt.datetime:
        return row.kick_off + dt.timedelta(minutes=minutes)

    yield MatchStarted(**_head(row, "started", row.kick_off), data=MatchStartedData())
    if telling.has_play(row.date):
        for one in story.happenings:
            time = at(clock.minutes(one.minute, one.stoppage))
            yield _incident(row, one, time)
        if story.adds_up:
            yield from _clock_events(row, clock, telling)
    last = max((clock.minutes(one.minute, one.stoppage) for one in story.happenings), default=0)
    end = max(row.kick_off + FULL_TIME_AFTER, at(1 + max(last, clock.second_half)))
    yield from _end(story, end)


def _clock_events(row: MatchRow, clock: Clock, telling: Telling) -> Iterator[AnyEvent]:
    half_time = row.kick_off + dt.timedelta(minutes=clock.first_half)
    yield MatchPeriod(
        **_head(row, "half-time", half_time), data=MatchPeriodData(period=Period.HALF_TIME)
    )
    for minute in telling.ticks:
        time = row.kick_off + dt.timedelta(minutes=clock.minutes(minute))
        yield ClockTick(**_head(row, f"minute:{minute}", time), data=ClockTickData(minute=minute))


def _incident(row: MatchRow, one: Happening, time: dt.datetime) -> MatchIncident:
    stoppage = f"+{one.stoppage}" if one.stoppage else ""
    name = f"{one.kind}-{one.side}-{one.minute}{stoppage}-{one.ordinal}"
    return MatchIncident(
        **_head(row, f"incident:{name}", time),
        data=MatchIncidentData(
            incident_id=name,
            revision=1,
            kind=IncidentKind(one.kind),
            side=Side(one.side),
            minute=one.minute,
            stoppage=one.stoppage,
        ),
    )


def _end(story: Story, end: dt.datetime) -> Iterator[AnyEvent]:
    row, result = story.row, story.row.result
    if row.statistics is not None:
        yield MatchStatistics(
            id=f"{row.match_id}:statistics",
            source=football_data.SOURCE,
            subject=row.match_id,
            partitionkey=row.pool,
            time=end,
            data=row.statistics,
        )
    if result is not None:
        extra = story.final if story.final != result else None
        yield MatchFinished(
            **_head(row, "finished", end),
            data=MatchFinishedData(
                home_score=result.home,
                away_score=result.away,
                home_score_extra_time=extra.home if extra else None,
                away_score_extra_time=extra.away if extra else None,
            ),
        )
