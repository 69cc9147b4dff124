"""The competitions and teams of the matches that are held. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from dashboard.mirror import Entry
    from schemas.competitions import Competition


class CompetitionRow(Struct, frozen=True):
    """A competition, and how many of its matches there are and are being played."""

    id: str
    name: str
    country: str
    pool: str
    matches: int
    live: int


class TeamRow(Struct, frozen=True):
    """A team, the competitions that it plays in, and how many of its matches there are."""

    id: str
    name: str
    competitions: list[str]
    matches: int


def competitions(
    entries: Iterable[Entry], table: Mapping[str, Competition]
) -> list[CompetitionRow]:
    """In the order of the table, so that people who edit it decide; unknown ones last."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries:
        count = counts[entry.head.competition]
        count[0] += 1
        count[1] += entry.head.status == "live"
    order = {code: place for place, code in enumerate(table)}
    rows = []
    for code in sorted(counts, key=lambda code: (order.get(code, len(order)), code)):
        known = table.get(code)
        name, country, pool = (
            (known.name, known.country, known.pool) if known else (code.upper(), "", "")
        )
        rows.append(CompetitionRow(code, name, country, pool, *counts[code]))
    return rows


def teams(entries: Iterable[Entry]) -> list[TeamRow]:
    """By id; a team spelt in two ways has the name of its latest match."""
    newest: dict[str, tuple[dt.datetime, str]] = {}
    places: dict[str, set[str]] = defaultdict(set)
    matches: dict[str, int] = defaultdict(int)
    for entry in entries:
        head = entry.head
        for team, name in zip(entry.teams, (head.home_team, head.away_team), strict=True):
            places[team].add(head.competition)
            matches[team] += 1
            said = (head.kick_off, name)
            newest[team] = max(newest.get(team, said), said)
    return [
        TeamRow(team, newest[team][1], sorted(places[team]), matches[team])
        for team in sorted(matches)
    ]
