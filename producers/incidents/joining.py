"""Matches of the incidents files beside football-data.co.uk's rows: joined when proven the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from producers.incidents.files import MATCHES, Game
from producers.match_rows import MatchRow, Result
from producers.timetable import USUAL_KICK_OFF, london
from schemas.errors import RowError
from schemas.slugs import match_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from producers.incidents.aliases import Aliases
    from producers.incidents.files import Happening, Report
    from schemas.competitions import Competition

_FULL_TIME = 90


class Story(Struct, frozen=True):
    """A match, its incidents where they add up to its result, and whether it was joined."""

    row: MatchRow
    happenings: tuple[Happening, ...]
    final: Result
    adds_up: bool
    joined: bool


def stories(
    games: Iterable[Game],
    results: Mapping[str, MatchRow],
    aliases: Aliases,
    competitions: dict[str, Competition],
    report: Report,
) -> list[Story]:
    """Name every match, and join it with the row of *results* (by match id) that is the same.

    The same is: both teams stand in the table of names, and competition, season, meeting, date and
    score agree. Whatever is not joined though results of its season are there is reported.
    """
    covered = {(row.competition, row.season) for row in results.values()}
    unknown: set[tuple[str, str]] = set()
    meetings: dict[str, int] = {}
    told = []
    for game in sorted(games, key=lambda game: (game.date, game.line)):
        competition = competitions.get(game.competition)
        if competition is None:
            reason = f"league {game.competition!r} is in no pool: add it to the table"
            report(RowError(MATCHES, game.line, reason))
            continue
        row = _row(game, competition.pool, aliases.get(game.competition, {}), meetings)
        joined = None
        if (game.competition, game.season) in covered:
            names = aliases.get(game.competition, {})
            for team in (game.home, game.away):
                if team not in names and (game.competition, team) not in unknown:
                    unknown.add((game.competition, team))
                    reason = f"{game.competition} team {team!r} stands in no table of names"
                    report(RowError(MATCHES, game.line, f"{reason}; its matches are not joined"))
            if game.home in names and game.away in names:
                joined = _same(game, row, results.get(row.match_id), report)
        told.append(_story(game, row, joined, report))
    return told


def later_seasons(games: Iterable[Game], results: Iterable[MatchRow]) -> list[Story]:
    """Tell by their results the finished matches of the seasons after the last that *games* have.

    Each league for itself; a league that *games* do not have at all is left out.
    """
    last: dict[str, str] = {}
    for game in games:
        last[game.competition] = max(game.season, last.get(game.competition, ""))
    return [
        Story(row, (), row.result, adds_up=False, joined=True)
        for row in results
        if row.result is not None and row.season > last.get(row.competition, row.season)
    ]


def _row(game: Game, pool: str, names: Mapping[str, str], meetings: dict[str, int]) -> MatchRow:
    home, away = names.get(game.home, game.home), names.get(game.away, game.away)
    first = match_id(game.competition, game.season, home, away)
    meetings[first] = meeting = meetings.get(first, 0) + 1
    return MatchRow(
        match_id=match_id(game.competition, game.season, home, away, meeting),
        pool=pool,
        competition=game.competition,
        season=game.season,
        date=game.date,
        kick_off=london(game.date, USUAL_KICK_OFF),
        time_known=False,
        home=home,
        away=away,
        result=_after_90(game),
    )


def _after_90(game: Game) -> Result:
    """The score that bets are settled by: goals of extra time do not count."""
    if game.counted != game.result:
        return game.result
    late = [one.side for one in game.happenings if one.is_goal and one.minute > _FULL_TIME]
    return Result(game.result.home - late.count("home"), game.result.away - late.count("away"))


def _same(game: Game, row: MatchRow, other: MatchRow | None, report: Report) -> MatchRow | None:
    if other is None:
        reason = f"{row.match_id} is not among the results"
    elif other.date != row.date:
        reason = f"{row.match_id} is dated {row.date} here, and {other.date} in the results"
    elif other.result != row.result:
        reason = f"{row.match_id} ended {_words(row.result)} here, {_words(other.result)} there"
    else:
        return other
    report(RowError(MATCHES, game.line, f"{reason}; it is not joined"))
    return None


def _words(result: Result | None) -> str:
    return "open" if result is None else f"{result.home}–{result.away}"


def _story(game: Game, row: MatchRow, joined: MatchRow | None, report: Report) -> Story:
    adds_up = game.counted == game.result
    if not adds_up:
        reason = f"the incidents add up to {_words(game.counted)}, the result is"
        words = f"{reason} {_words(game.result)}; the match is told by its result alone"
        report(RowError(MATCHES, game.line, words))
    if joined is not None:
        row = msgspec.structs.replace(
            row,
            kick_off=joined.kick_off,
            time_known=joined.time_known,
            statistics=joined.statistics,
            opening=joined.opening,
            closing=joined.closing,
        )
    return Story(row, game.happenings if adds_up else (), game.result, adds_up, joined is not None)
