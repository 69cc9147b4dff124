"""The events that one row of results proves, in the order in which they happened."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from producers.match_rows import MARKET_ORDER, Bookmaker, MatchRow, Prices
from producers.timetable import ANNOUNCED_BEFORE, Timetable, timetable
from schemas.events import (
    AnyEvent,
    FixtureScheduled,
    FixtureScheduledData,
    MatchFinished,
    MatchFinishedData,
    MatchPeriod,
    MatchPeriodData,
    MatchStarted,
    MatchStartedData,
    MatchStatistics,
    OddsChanged,
    OddsChangedData,
    OddsPhase,
    Period,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Odds: TypeAlias = Literal["none", "opening", "closing"]


class Wanted(Struct, frozen=True):
    """What of a row is published: which odds, whose, and how long before it is announced.

    ``odds`` are none, the opening ones, or with ``closing`` both. Where the average is wanted and
    unknown, the next best bookmaker that is known stands in, so that old seasons have a market.
    """

    odds: Odds = "closing"
    bookmakers: tuple[Bookmaker, ...] = ("avg",)
    announced_before: dt.timedelta = ANNOUNCED_BEFORE


def events_of(row: MatchRow, wanted: Wanted, *, source: str) -> Iterator[AnyEvent]:
    """Yield what the row proves; a row without a result is a fixture, and perhaps has prices."""
    times = timetable(
        row.kick_off, time_known=row.time_known, announced_before=wanted.announced_before
    )
    yield _scheduled(row, times, source)
    if wanted.odds != "none":
        yield from _odds(row, OddsPhase.OPENING, times.opening, wanted, source)
    if wanted.odds == "closing":
        yield from _odds(row, OddsPhase.CLOSING, times.closing, wanted, source)
    if row.result is not None:
        yield from _play(row, times, source)


def _scheduled(row: MatchRow, times: Timetable, source: str) -> FixtureScheduled:
    return FixtureScheduled(
        id=f"{row.match_id}:fixture",
        source=source,
        subject=row.match_id,
        time=times.announced,
        partitionkey=row.pool,
        data=FixtureScheduledData(
            competition=row.competition,
            season=row.season,
            kick_off=row.kick_off,
            home=row.home,
            away=row.away,
        ),
    )


def _odds(
    row: MatchRow, phase: OddsPhase, time: dt.datetime, wanted: Wanted, source: str
) -> Iterator[OddsChanged]:
    known = row.opening if phase is OddsPhase.OPENING else row.closing
    for bookmaker in _whose(known, wanted.bookmakers):
        prices = known[bookmaker]
        yield OddsChanged(
            id=f"{row.match_id}:odds:{phase.value}:{bookmaker}",
            source=source,
            subject=row.match_id,
            time=time,
            partitionkey=row.pool,
            data=OddsChangedData(
                bookmaker=bookmaker,
                home=prices.home,
                draw=prices.draw,
                away=prices.away,
                phase=phase,
            ),
        )


def _whose(known: dict[Bookmaker, Prices], wanted: tuple[Bookmaker, ...]) -> list[Bookmaker]:
    market = next((name for name in MARKET_ORDER if name in known), None)
    return [
        name
        for name in MARKET_ORDER
        if name in known and (name in wanted or (name == market and "avg" in wanted))
    ]


def _play(row: MatchRow, times: Timetable, source: str) -> Iterator[AnyEvent]:
    yield MatchStarted(
        id=f"{row.match_id}:started",
        source=source,
        subject=row.match_id,
        time=times.kick_off,
        partitionkey=row.pool,
        data=MatchStartedData(),
    )
    if times.half_time is not None and row.half_time is not None:
        yield MatchPeriod(
            id=f"{row.match_id}:half-time",
            source=source,
            subject=row.match_id,
            time=times.half_time,
            partitionkey=row.pool,
            data=MatchPeriodData(
                period=Period.HALF_TIME,
                home_score=row.half_time.home,
                away_score=row.half_time.away,
            ),
        )
    yield from _full_time(row, times.full_time, source)


def _full_time(row: MatchRow, time: dt.datetime, source: str) -> Iterator[AnyEvent]:
    if row.statistics is not None:
        yield MatchStatistics(
            id=f"{row.match_id}:statistics",
            source=source,
            subject=row.match_id,
            time=time,
            partitionkey=row.pool,
            data=row.statistics,
        )
    if row.result is not None:
        yield MatchFinished(
            id=f"{row.match_id}:finished",
            source=source,
            subject=row.match_id,
            time=time,
            partitionkey=row.pool,
            data=MatchFinishedData(home_score=row.result.home, away_score=row.result.away),
        )
