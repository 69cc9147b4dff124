"""From the lines of one file to matches: each read, checked, and numbered among its meetings."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec import Struct

from producers.football_data.columns import (
    STATISTICS,
    Columns,
    PriceColumns,
    cell_at,
    columns_of,
)
from producers.football_data.fields import (
    CellError,
    read_date,
    read_price,
    read_time,
    read_whole,
)
from producers.football_data.rows import Line, content, lines, text
from producers.football_data.seasons import days_of
from producers.match_rows import Bookmaker, MatchRow, Prices, Result
from producers.timetable import USUAL_KICK_OFF, london
from schemas.errors import FeedError, RowError
from schemas.events import MatchStatisticsData
from schemas.slugs import match_id, slug

if TYPE_CHECKING:
    import datetime as dt

    from producers.football_data.layout import SourceFile
    from schemas.competitions import Competition

Report: TypeAlias = Callable[[RowError], None]

_MOST_GOALS = 99
_MOST_COUNTED = 999
_LONGEST_NAME = 60


class _Place(Struct, frozen=True):
    """Which file is being read, as what, and who hears of its faults."""

    file: SourceFile
    pool: str
    columns: Columns
    report: Report

    def cell(self, line: Line, name: str) -> str:
        return self.columns.cell(line.cells, name)


def read_matches(
    file: SourceFile, competitions: dict[str, Competition], report: Report
) -> list[MatchRow]:
    """Read one file: its matches by kick-off; what cannot be read is reported, the rest goes on."""
    competition = competitions.get(file.division)
    if competition is None:
        reason = f"division {file.division!r} is in no pool: add it to the table of competitions"
        report(RowError(file.label, 1, reason))
        return []
    try:
        every_line = lines(text(content(file.path)))
        header = next(every_line, Line(1, []))
        columns = columns_of(header.cells)
    except FeedError as error:
        report(RowError(file.label, 1, str(error)))
        return []
    return _numbered(_read_lines(_Place(file, competition.pool, columns, report), every_line))


def _read_lines(place: _Place, every_line: Iterator[Line]) -> list[MatchRow]:
    read: dict[tuple[dt.date, str], MatchRow] = {}
    for line in every_line:
        try:
            row = _match(place, line)
            key = row.date, row.match_id
            if known := read.get(key):
                _refuse_copy(row, known)
            read[key] = row
        except CellError as error:
            place.report(RowError(place.file.label, line.number, str(error)))
    return sorted(read.values(), key=lambda row: (row.kick_off, row.match_id))


def _refuse_copy(row: MatchRow, known: MatchRow) -> None:
    if known.result is None and row.result is not None:
        return  # the fixture stands there too, and this row completes it
    kind = "twice" if row == known else "twice, and differently: the first is kept"
    raise CellError(f"{row.home} – {row.away} on {row.date} stands in the file {kind}")


def _numbered(rows: list[MatchRow]) -> list[MatchRow]:
    meetings: dict[str, int] = {}
    numbered = []
    for row in rows:
        meeting = meetings[row.match_id] = meetings.get(row.match_id, 0) + 1
        name = match_id(row.competition, row.season, row.home, row.away, meeting)
        numbered.append(msgspec.structs.replace(row, match_id=name))
    return numbered


def _match(place: _Place, line: Line) -> MatchRow:
    file = place.file
    division = place.cell(line, "division")
    if division and division.lower() != file.division:
        raise CellError(f"the row is of division {division!r}, the file of {file.division!r}")
    date = read_date(place.cell(line, "date"))
    first, last = days_of(file.season)
    if not first <= date <= last:
        raise CellError(f"{date} is outside the season {file.season} ({first} to {last})")
    time = read_time(place.cell(line, "time"))
    home, away = _team(place, line, "home"), _team(place, line, "away")
    if slug(home) == slug(away):
        raise CellError(f"{home} cannot meet {away}")
    result = _result(place, line)
    return MatchRow(
        match_id=match_id(file.division, file.season, home, away),
        pool=place.pool,
        competition=file.division,
        season=file.season,
        date=date,
        kick_off=london(date, time or USUAL_KICK_OFF),
        time_known=time is not None,
        home=home,
        away=away,
        result=result,
        half_time=_half_time(place, line, result),
        statistics=_statistics(place, line) if result else None,
        opening=_prices(place, line, place.columns.opening),
        closing=_prices(place, line, place.columns.closing),
    )


def _team(place: _Place, line: Line, side: str) -> str:
    name = place.cell(line, side)
    if not name:
        raise CellError(f"the {side} team is missing")
    if len(name) > _LONGEST_NAME or any(unicodedata.category(sign) == "Cc" for sign in name):
        raise CellError(f"{name[:_LONGEST_NAME]!r} is no team's name")
    try:
        slug(name)
    except ValueError as error:
        raise CellError(f"{name!r} is no team's name") from error
    return name


def _goals(place: _Place, line: Line, home: str, away: str) -> Result | None:
    home_goals = read_whole(place.cell(line, home), most=_MOST_GOALS)
    away_goals = read_whole(place.cell(line, away), most=_MOST_GOALS)
    if home_goals is None and away_goals is None:
        return None
    if home_goals is None or away_goals is None:
        raise CellError(f"the score {home_goals} – {away_goals} has one side only")
    return Result(home_goals, away_goals)


def _result(place: _Place, line: Line) -> Result | None:
    result = _goals(place, line, "home_score", "away_score")
    outcome = place.cell(line, "outcome").upper()
    if result is None and outcome:
        raise CellError(f"the outcome is {outcome!r}, but there is no score")
    if result and outcome and outcome != result.outcome:
        raise CellError(f"the outcome {outcome!r} contradicts {result.home}–{result.away}")
    return result


def _half_time(place: _Place, line: Line, result: Result | None) -> Result | None:
    half_time = _goals(place, line, "home_half_time", "away_half_time")
    if half_time is None:
        return None
    if result is None:
        raise CellError("there is a score at half-time, but none at full-time")
    if half_time.home > result.home or half_time.away > result.away:
        raise CellError(
            f"half-time {half_time.home}–{half_time.away} is above "
            f"full-time {result.home}–{result.away}"
        )
    return half_time


def _statistics(place: _Place, line: Line) -> MatchStatisticsData | None:
    known: dict[str, int] = {}
    for name in STATISTICS:
        try:
            count = read_whole(place.cell(line, name), most=_MOST_COUNTED)
        except CellError as error:
            _go_on_without(place, line, f"{name}: {error}")
        else:
            if count is not None:
                known[name] = count
    return MatchStatisticsData(**known) if known else None


def _prices(place: _Place, line: Line, columns: list[PriceColumns]) -> dict[Bookmaker, Prices]:
    known: dict[Bookmaker, Prices] = {}
    for column in columns:
        try:
            home, draw, away = (read_price(cell_at(line.cells, at)) for at in column.indices)
        except CellError as error:
            _go_on_without(place, line, f"{'/'.join(column.names)}: {error}")
        else:
            if home and draw and away:
                known[column.bookmaker] = Prices(home, draw, away)
    return known


def _go_on_without(place: _Place, line: Line, reason: str) -> None:
    place.report(RowError(place.file.label, line.number, f"{reason}; the match is kept without"))
