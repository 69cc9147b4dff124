"""The two files: each row read, checked, and put to its match; what cannot be is reported."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from producers.football_data.fields import CellError, read_date, read_whole
from producers.football_data.rows import content, lines, text
from producers.football_data.seasons import days_of, season_from
from producers.match_rows import Result
from schemas.errors import FeedError, RowError
from schemas.events import IncidentKind, Side
from schemas.slugs import slug

if TYPE_CHECKING:
    from pathlib import Path

Report: TypeAlias = Callable[[RowError], None]

MATCHES = "matches.csv.gz"
INCIDENTS = "incidents.csv.gz"
_MATCH_COLUMNS = (
    *("match_id", "league", "season", "date", "home", "away"),
    *("home_goals", "away_goals"),
)
_INCIDENT_COLUMNS = ("match_id", "minute", "stoppage", "type", "side")
_KINDS = {"G": IncidentKind.GOAL, "Y": IncidentKind.YELLOW, "R": IncidentKind.RED}
_SIDES = {"H": Side.HOME, "A": Side.AWAY}
_MOST_GOALS = 99
_LAST_MINUTE = 130
_MOST_STOPPAGE = 60
_FIRST_YEAR, _LAST_YEAR = 1870, 2199
_LONGEST_NAME = 60
# Minutes to which a stoppage can be added: the ends of halves. The files also know 44 and 89.
_HALF, _EARLIEST_END = 45, 44


class Happening(Struct, frozen=True, order=True):
    """One goal or card; two alike in one minute differ in ``ordinal``."""

    minute: int
    stoppage: int
    side: str
    kind: str
    ordinal: int

    @property
    def is_goal(self) -> bool:
        """Whether the score moved."""
        return self.kind == IncidentKind.GOAL.value


class Game(Struct, frozen=True):
    """One match as the files have it, teams as they spell them; incidents in order of play."""

    line: int
    competition: str
    season: str
    date: dt.date
    home: str
    away: str
    result: Result
    happenings: tuple[Happening, ...] = ()

    @property
    def counted(self) -> Result:
        """The goals that the incidents add up to."""
        goals = [one.side for one in self.happenings if one.is_goal]
        return Result(goals.count(Side.HOME.value), goals.count(Side.AWAY.value))


def read_games(folder: Path, report: Report) -> list[Game]:
    """Read every match with its incidents, in the order of the file.

    Raises:
        FeedError: When a file is missing, cannot be read or has other columns.
    """
    games = _games(folder / MATCHES, report)
    found = _happenings(folder / INCIDENTS, set(games), report)
    return [
        Game(
            game.line,
            game.competition,
            game.season,
            game.date,
            game.home,
            game.away,
            game.result,
            _in_order(found.get(name, [])),
        )
        for name, game in games.items()
    ]


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    try:
        every_line = lines(text(content(path)))
    except FeedError as error:
        raise FeedError(f"{path}: {error}") from error
    header = next(every_line, None)
    if header is None or tuple(header.cells) != columns:
        raise FeedError(f"{path} does not begin with the columns {','.join(columns)}")
    for line in every_line:
        yield line.number, line.cells


def _games(path: Path, report: Report) -> dict[str, Game]:
    games: dict[str, Game] = {}
    for number, cells in _rows(path, _MATCH_COLUMNS):
        try:
            name, game = _game(number, cells, games)
            games[name] = game
        except CellError as error:
            report(RowError(path.name, number, str(error)))
    return games


def _game(number: int, cells: list[str], known: Collection[str]) -> tuple[str, Game]:
    if len(cells) != len(_MATCH_COLUMNS):
        raise CellError(f"{len(cells)} cells, where {len(_MATCH_COLUMNS)} are expected")
    name, league, year, date, home, away, home_goals, away_goals = cells
    if not name:
        raise CellError("the match has no id")
    if name in known:
        raise CellError(f"match {name} stands in the file twice; the first is kept")
    season = _season(year)
    day = read_date(date)
    first, last = days_of(season)
    if not first <= day <= last:
        raise CellError(f"{day} is outside the season {season} ({first} to {last})")
    if _team(home) == _team(away):
        raise CellError(f"{home} cannot meet itself")
    goals = read_whole(home_goals, most=_MOST_GOALS), read_whole(away_goals, most=_MOST_GOALS)
    if goals[0] is None or goals[1] is None:
        raise CellError("the score is missing, or has one side only")
    return name, Game(number, league.lower(), season, day, home, away, Result(goals[0], goals[1]))


def _season(year: str) -> str:
    start = read_whole(year, most=_LAST_YEAR)
    if start is None or start < _FIRST_YEAR:
        raise CellError(f"{year!r} is no year in which a season begins")
    return season_from(start)


@lru_cache(maxsize=10_000)
def _team(name: str) -> str:
    try:
        if len(name) <= _LONGEST_NAME:
            return slug(name)
    except ValueError:
        pass
    raise CellError(f"{name[:_LONGEST_NAME]!r} is no team's name")


def _happenings(path: Path, known: set[str], report: Report) -> dict[str, list[Happening]]:
    found: dict[str, list[Happening]] = {}
    times: dict[tuple[str, ...], int] = {}
    for number, cells in _rows(path, _INCIDENT_COLUMNS):
        try:
            minute, stoppage, kind, side = _incident(cells, known)
        except CellError as error:
            report(RowError(path.name, number, str(error)))
            continue
        # A feed without ids: content, and the ordinal among equals.
        key = tuple(cells)
        times[key] = ordinal = times.get(key, 0) + 1
        found.setdefault(cells[0], []).append(Happening(minute, stoppage, side, kind, ordinal))
    return found


def _incident(cells: list[str], known: set[str]) -> tuple[int, int, str, str]:
    if len(cells) != len(_INCIDENT_COLUMNS):
        raise CellError(f"{len(cells)} cells, where {len(_INCIDENT_COLUMNS)} are expected")
    if cells[0] not in known:
        raise CellError(f"match {cells[0]!r} is none of those that could be read")
    return _moment(*cells[1:])


# A season has some hundred different ones, and the file hundreds of thousands.
@lru_cache(maxsize=10_000)
def _moment(minutes: str, added: str, kind: str, side: str) -> tuple[int, int, str, str]:
    minute = read_whole(minutes, most=_LAST_MINUTE)
    stoppage = read_whole(added, most=_MOST_STOPPAGE) or 0
    if minute is None:
        raise CellError("the minute is missing")
    if stoppage and minute % _HALF not in {0, _EARLIEST_END} and minute not in {105, 120}:
        raise CellError(f"{minute}+{stoppage} is no minute: stoppage comes at the end of a half")
    if kind not in _KINDS:
        raise CellError(f"{kind!r} is no incident: expected {', '.join(_KINDS)}")
    if side not in _SIDES:
        raise CellError(f"{side!r} is no side: expected {', '.join(_SIDES)}")
    return minute, stoppage, _KINDS[kind].value, _SIDES[side].value


def _in_order(happenings: list[Happening]) -> tuple[Happening, ...]:
    return tuple(sorted(happenings))
