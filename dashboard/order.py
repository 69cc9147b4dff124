"""Matches by kick-off, then id: all, and those of each competition, team and status. Pure."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, insort
from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashboard.mirror import Entry

Place: TypeAlias = tuple[dt.datetime, str]
"""Kick-off and id of a match: what matches are ordered by."""

Part: TypeAlias = tuple[str, str]
"""Such as ``("competition", "e0")``."""

ALL: Part = ("all", "")
DAY = dt.timedelta(days=1)


def place_of(entry: Entry) -> Place:
    """Where a match stands in the order."""
    return (entry.head.kick_off, entry.head.match_id)


class Order:
    """Lists that are kept in order as matches come, change and go."""

    def __init__(self) -> None:
        self._parts: dict[Part, list[Place]] = defaultdict(list)

    def put(self, before: Entry | None, now: Entry | None) -> None:
        """Note that a match was *before* and is *now*; none says: not there."""
        if before is not None and now is not None and _stays(before, now):
            return
        was = _places(before)
        will = _places(now)
        for part, place in was - will:
            places = self._parts[part]
            del places[bisect_left(places, place)]
            if not places:
                del self._parts[part]
        for part, place in will - was:
            insort(self._parts[part], place)

    def shortest(self, parts: Iterable[Part], date: dt.date | None) -> list[Place]:
        """The shortest of the lists *parts*, of all without any, cut to the day *date* (UTC)."""
        nothing: list[Place] = []
        lists = [self._parts.get(part, nothing) for part in (ALL, *parts)]
        places = min(lists, key=len)
        if date is None:
            return places
        midnight = dt.datetime.combine(date, dt.time(), dt.UTC)
        start = bisect_left(places, (midnight, ""))
        if date == dt.date.max:
            return places[start:]
        return places[start : bisect_left(places, (midnight + DAY, ""))]


def _stays(before: Entry, now: Entry) -> bool:
    """Whether a match keeps all its places, as it does with nearly every change."""
    was, head = before.head, now.head
    return (
        head.status == was.status
        and head.kick_off == was.kick_off
        and head.competition == was.competition
        and now.teams == before.teams
    )


def _places(entry: Entry | None) -> set[tuple[Part, Place]]:
    if entry is None:
        return set()
    head, place = entry.head, place_of(entry)
    parts = [ALL, ("competition", head.competition), ("status", head.status)]
    parts += [("team", team) for team in entry.teams]
    return {(part, place) for part in parts}
