"""What there is to look at: days, competitions, and the day that the feed is at. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from dashboard.query import day_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dashboard.mirror import Mirror
    from schemas.competitions import Competition


class Day(Struct, frozen=True):
    """How many matches kick off on a date (UTC), and how many of them are being played."""

    date: dt.date
    matches: int
    live: int


class CompetitionName(Struct, frozen=True):
    """A competition that the mirror holds matches of, as people know it."""

    code: str
    name: str
    country: str


class Overview(Struct, frozen=True):
    """Everything a page needs before it asks for matches."""

    position: str
    clock: dt.datetime | None
    stored: dt.datetime | None
    current: dt.date | None
    days: list[Day]
    competitions: list[CompetitionName]
    names: dict[str, str]
    """Of every competition in the table, also of those without matches now."""


def overview(
    mirror: Mirror,
    competitions: Mapping[str, Competition],
    position: str,
    stored: dt.datetime | None,
) -> Overview:
    """Count the mirror's matches by day; *stored* is when Redis took in the newest change."""
    matches: Counter[dt.date] = Counter()
    live: Counter[dt.date] = Counter()
    codes = set()
    for entry in mirror:
        day = day_of(entry)
        matches[day] += 1
        live[day] += entry.head.status == "live"
        codes.add(entry.head.competition)
    return Overview(
        position,
        mirror.clock,
        stored,
        _current(sorted(matches), mirror.clock),
        [Day(day, matches[day], live[day]) for day in sorted(matches)],
        _names(codes, competitions),
        {code: known.name for code, known in competitions.items()},
    )


def _current(days: list[dt.date], clock: dt.datetime | None) -> dt.date | None:
    """The feed's own day if it has matches, else the next that has, else the last."""
    if not days or clock is None:
        return None
    today = clock.astimezone(dt.UTC).date()
    return next((day for day in days if day >= today), days[-1])


def _names(codes: Iterable[str], competitions: Mapping[str, Competition]) -> list[CompetitionName]:
    """In the order of the table, so that people who edit it decide; unknown ones last."""
    order = {code: place for place, code in enumerate(competitions)}
    names = []
    for code in sorted(codes, key=lambda code: (order.get(code, len(order)), code)):
        known = competitions.get(code)
        names.append(
            CompetitionName(code, known.name, known.country)
            if known
            else CompetitionName(code, code.upper(), "")
        )
    return names
