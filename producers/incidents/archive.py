"""The feed: every match of the two files, joined where it can be, told in time order.

Where the files end the results go on: later seasons are told by their results alone.

The files know no kick-off times. A match joined with a results row that has one kicks off then;
every other at 15:00 in London. Play comes at the minutes it happened, full-time after the last of
it: of the matches that kick off together none has ended before each was forecast for the last time
before its kick-off, and they are of different teams. What all teams of a pool share moves only
when its next day begins. A later kick-off may see the results of an earlier one, as on the day.
"""

from __future__ import annotations

import datetime as dt
import heapq
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from producers import football_data
from producers.incidents.files import INCIDENTS, MATCHES, read_games
from producers.incidents.joining import Story, later_seasons, stories
from producers.incidents.telling import SOURCE, Telling, events
from producers.ordering import Chapter, in_order, order_key, with_days
from schemas.competitions import load_competitions
from schemas.errors import FeedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from producers.incidents.aliases import Aliases
    from producers.incidents.files import Report
    from producers.match_rows import MatchRow
    from schemas.competitions import Competition
    from schemas.events import AnyEvent

_WHERE = f"a folder with {MATCHES} and {INCIDENTS}"
# A week before, by the clock on the wall, may be an hour off.
_SLACK = dt.timedelta(hours=1)


class Archive(Struct, frozen=True):
    """Every match of the files that could be read, by kick-off, then match id."""

    stories: list[Story]

    @property
    def matches(self) -> list[MatchRow]:
        """The matches as results know them."""
        return [story.row for story in self.stories]

    @property
    def joined(self) -> int:
        """How many of them were joined with a row of the results."""
        return sum(story.joined for story in self.stories)

    def until(self, day: dt.date) -> Archive:
        """The matches up to and on *day*."""
        return Archive([story for story in self.stories if story.row.date <= day])

    def about(self, telling: Telling) -> int:
        """About how many events they are, for whoever shows progress."""
        prices = ("none", "opening", "closing").index(telling.wanted.odds)
        return sum(
            # Announced, started, over, and its share of the days.
            4
            + (prices + 1) * story.joined
            + telling.has_play(story.row.date) * (1 + len(story.happenings) + len(telling.ticks))
            for story in self.stories
        )

    def events(self, telling: Telling) -> Iterator[AnyEvent]:
        """Yield the events in time order, from the first every time."""
        pools: dict[str, dict[str, list[Story]]] = {}
        for story in self.stories:
            # A month at a time: a season in memory at once would be no gain.
            month = f"{story.row.kick_off:%Y-%m}"
            pools.setdefault(story.row.pool, {}).setdefault(month, []).append(story)
        return heapq.merge(
            *(with_days(_in_order(months, telling), source=SOURCE) for months in pools.values()),
            key=order_key,
        )


def load(
    source: Path | str,
    *,
    results: Path | str | None = None,
    aliases: Aliases,
    seasons: Collection[str] | None = None,
    leagues: Collection[str] | None = None,
    competitions: dict[str, Competition] | None = None,
    report: Report,
) -> Archive:
    """Read the folder *source*, and join it with football-data's folder or address *results*.

    Where the files of a league end its results go on, unless the *seasons* are chosen.

    Raises:
        FeedError: When the files are missing or hold nothing of the seasons and leagues wanted.
    """
    table = load_competitions() if competitions is None else competitions
    wanted = None if leagues is None else {name.lower() for name in leagues}
    games = [
        game
        for game in read_games(_folder(Path(source)), report)
        if (seasons is None or game.season in seasons)
        and (wanted is None or game.competition in wanted)
    ]
    if not games:
        raise FeedError(f"{source} holds no match that is wanted and can be read")
    rows: list[MatchRow] = []
    if results is not None:
        rows = football_data.matches(results, competitions=table, report=report)
    told = stories(games, {row.match_id: row for row in rows}, aliases, table, report)
    if seasons is None:
        told += later_seasons(games, rows)
    return Archive(sorted(told, key=lambda story: (story.row.kick_off, story.row.match_id)))


def _folder(source: Path) -> Path:
    for folder in (source, source / "incidents"):
        if (folder / MATCHES).is_file() and (folder / INCIDENTS).is_file():
            return folder
    raise FeedError(f"{source} is no feed of incidents: expected {_WHERE}")


def _in_order(months: dict[str, list[Story]], telling: Telling) -> Iterator[AnyEvent]:
    return in_order(
        [
            Chapter(
                min(story.row.kick_off for story in told)
                - telling.wanted.announced_before
                - _SLACK,
                partial(_events, told, telling),
            )
            for told in months.values()
        ]
    )


def _events(told: list[Story], telling: Telling) -> Iterator[AnyEvent]:
    for story in told:
        yield from events(story, telling)
