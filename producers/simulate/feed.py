"""The simulated league as a feed: what a results file proves, and play by the minute."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from producers.match_events import Odds, Wanted, events_of
from producers.ordering import Chapter, in_order, with_days
from producers.simulate.fixture_list import Pairing, pairings
from producers.simulate.play import FULL_TIME_MINUTE, HALF_TIME_MINUTE, Incident, Played, play
from schemas.events import (
    AnyEvent,
    ClockTick,
    ClockTickData,
    IncidentKind,
    MatchIncident,
    MatchIncidentData,
    MatchPeriod,
    MatchPeriodData,
    Period,
    Side,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from producers.match_rows import MatchRow

SOURCE = "simulate"
_FIRST_DAY = dt.date(2024, 8, 9)
_TICK_MINUTES = 5
# A week before, by the clock on the wall, may be an hour off.
_SLACK = dt.timedelta(hours=1)
# Two minutes are added to the first half, and the break lasts fifteen.
_BREAK_ENDS = dt.timedelta(minutes=62)


class League(Struct, frozen=True):
    """Some seasons of the league: how they end, and how they are told."""

    seed: int
    start: dt.date
    seasons: int
    odds: Odds

    @property
    def matches(self) -> list[MatchRow]:
        """Every match with its result, by kick-off, then match id."""
        return rows(self.seed, start=self.start, seasons=self.seasons)

    def events(self) -> Iterator[AnyEvent]:
        """Yield the events in time order, from the first every time."""
        return read(self.seed, start=self.start, seasons=self.seasons, odds=self.odds)


def league(
    seed: int, *, start: dt.date = _FIRST_DAY, seasons: int = 2, odds: Odds = "closing"
) -> League:
    """Make up a league: a season to learn the teams from, and one to follow."""
    return League(seed, start, seasons, odds)


def rows(seed: int, *, start: dt.date, seasons: int = 1) -> list[MatchRow]:
    """Give every match with its result, by kick-off, then match id."""
    played = [play(seed, pairing).row for pairing in pairings(seed, start, seasons=seasons)]
    return sorted(played, key=lambda row: (row.kick_off, row.match_id))


def read(
    seed: int, *, start: dt.date, seasons: int = 1, odds: Odds = "closing"
) -> Iterator[AnyEvent]:
    """Yield the events of a double round-robin in time order: the same for the same seed."""
    wanted = Wanted(odds=odds)
    by_week: dict[tuple[int, int], list[Pairing]] = {}
    for pairing in pairings(seed, start, seasons=seasons):
        year, week, _ = (pairing.kick_off - dt.timedelta(days=4)).isocalendar()
        by_week.setdefault((year, week), []).append(pairing)
    chapters = [
        Chapter(
            min(pairing.kick_off for pairing in games) - wanted.announced_before - _SLACK,
            partial(_events, seed, games, wanted),
        )
        for games in by_week.values()
    ]
    return with_days(in_order(chapters), source=SOURCE)


def _events(seed: int, games: list[Pairing], wanted: Wanted) -> Iterator[AnyEvent]:
    for pairing in games:
        played = play(seed, pairing)
        yield from events_of(played.row, wanted, source=SOURCE)
        yield from _play_by_play(played)


def _play_by_play(played: Played) -> Iterator[AnyEvent]:
    row = played.row
    for number, incident in enumerate(played.incidents, 1):
        yield _incident(row, number, incident)
    yield _second_half(row)
    for minute in range(_TICK_MINUTES, FULL_TIME_MINUTE + 1, _TICK_MINUTES):
        yield _tick(row, minute)


def _when(row: MatchRow, minute: int) -> dt.datetime:
    if minute <= HALF_TIME_MINUTE:
        return row.kick_off + dt.timedelta(minutes=minute)
    return row.kick_off + _BREAK_ENDS + dt.timedelta(minutes=minute - HALF_TIME_MINUTE)


def _incident(row: MatchRow, number: int, incident: Incident) -> MatchIncident:
    return MatchIncident(
        id=f"{row.match_id}:incident:{number}",
        source=SOURCE,
        subject=row.match_id,
        time=_when(row, incident.minute),
        partitionkey=row.pool,
        data=MatchIncidentData(
            incident_id=str(number),
            revision=1,
            kind=IncidentKind(incident.kind),
            side=Side(incident.side),
            minute=incident.minute,
        ),
    )


def _second_half(row: MatchRow) -> MatchPeriod:
    half_time = row.half_time
    return MatchPeriod(
        id=f"{row.match_id}:second-half",
        source=SOURCE,
        subject=row.match_id,
        time=row.kick_off + _BREAK_ENDS,
        partitionkey=row.pool,
        data=MatchPeriodData(
            period=Period.SECOND_HALF,
            home_score=half_time.home if half_time else None,
            away_score=half_time.away if half_time else None,
        ),
    )


def _tick(row: MatchRow, minute: int) -> ClockTick:
    return ClockTick(
        id=f"{row.match_id}:minute:{minute}",
        source=SOURCE,
        subject=row.match_id,
        time=_when(row, minute),
        partitionkey=row.pool,
        data=ClockTickData(minute=minute),
    )
