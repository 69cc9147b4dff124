"""The feed: every division and season of a folder or of the site, as events or as matches."""

from __future__ import annotations

import heapq
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from producers.football_data.layout import SourceFile, locate
from producers.football_data.matches import Report, read_matches
from producers.football_data.seasons import days_of
from producers.football_data.site import Site, fetch, is_address
from producers.match_events import Odds, Wanted, events_of
from producers.ordering import Chapter, in_order, order_key, with_days
from producers.timetable import ANNOUNCED_BEFORE, start_of_day
from schemas.competitions import Competition, load_competitions

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator

    from producers.match_rows import Bookmaker, MatchRow
    from schemas.events import AnyEvent

SOURCE = "football-data"


def read(
    source: Path | str,
    *,
    odds: Odds = "closing",
    seasons: Collection[str] | None = None,
    divisions: Collection[str] | None = None,
    bookmakers: tuple[Bookmaker, ...] = ("avg",),
    announced_before: dt.timedelta = ANNOUNCED_BEFORE,
    competitions: dict[str, Competition] | None = None,
    site: Site | None = None,
    report: Report,
) -> Iterator[AnyEvent]:
    """Yield the events of every match in time order over all divisions and seasons.

    Files are found (or fetched) before this returns, and read as the story reaches their season.

    Raises:
        FeedError: When the source is missing, empty or out of reach.
    """
    table = load_competitions() if competitions is None else competitions
    files = _files(source, seasons, divisions, site, report)
    wanted = Wanted(odds, bookmakers, announced_before)
    pools: dict[str, list[Chapter]] = {}
    for file in files:
        pool = table[file.division].pool if file.division in table else ""
        pools.setdefault(pool, []).append(_chapter(file, wanted, table, report))
    return heapq.merge(
        *(with_days(in_order(chapters), source=SOURCE) for chapters in pools.values()),
        key=order_key,
    )


def matches(
    source: Path | str,
    *,
    seasons: Collection[str] | None = None,
    divisions: Collection[str] | None = None,
    competitions: dict[str, Competition] | None = None,
    site: Site | None = None,
    report: Report,
) -> list[MatchRow]:
    """Read every match, by kick-off, then match id.

    Raises:
        FeedError: When the source is missing, empty or out of reach.
    """
    table = load_competitions() if competitions is None else competitions
    files = _files(source, seasons, divisions, site, report)
    rows = [row for file in files for row in read_matches(file, table, report)]
    return sorted(rows, key=lambda row: (row.kick_off, row.match_id))


def _files(
    source: Path | str,
    seasons: Collection[str] | None,
    divisions: Collection[str] | None,
    site: Site | None,
    report: Report,
) -> list[SourceFile]:
    if isinstance(source, str) and is_address(source):
        return fetch(source, site or Site(), seasons=seasons, divisions=divisions, report=report)
    return locate(Path(source), seasons=seasons, divisions=divisions, report=report)


def _chapter(
    file: SourceFile, wanted: Wanted, table: dict[str, Competition], report: Report
) -> Chapter:
    first_day, _ = days_of(file.season)
    begins = start_of_day(first_day) - wanted.announced_before
    return Chapter(begins, partial(_events, file, wanted, table, report))


def _events(
    file: SourceFile, wanted: Wanted, table: dict[str, Competition], report: Report
) -> Iterator[AnyEvent]:
    for row in read_matches(file, table, report):
        yield from events_of(row, wanted, source=SOURCE)
