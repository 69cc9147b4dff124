"""What ratings were as a day's results began, so that they can be folded again from there.

Kept for each day of a pool with results: the pool as it was, and each team that the day changed as
it was before. Fields of the stored hash: ``c:<pool>/<day>`` and ``c:<pool>/<day>/<team slug>``, so
that a result writes two small fields and rewrites none.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from features.codec import decode_state
from features.state import PoolState, TeamState

if TYPE_CHECKING:
    from collections.abc import Callable

    from features.codec import AnyState
    from features.state import MatchState

WINDOW = dt.timedelta(days=21)
"""Results can be corrected in the ratings for so many days after their match."""


class Checkpoint:
    """A pool, and the teams that a day changed, as they were before it."""

    __slots__ = ("pool", "teams")

    def __init__(self, pool: PoolState) -> None:
        self.pool = pool
        self.teams: dict[str, TeamState] = {}


class Checkpoints:
    """The days of every pool that can be folded again, and the matches whose results they hold."""

    def __init__(self, mark: Callable[[bytes, AnyState | None], None]) -> None:
        self._mark = mark
        self._days: dict[str, dict[dt.date, Checkpoint]] = {}
        self._folded: dict[str, dict[dt.date, dict[str, None]]] = {}

    def restore(self, name: str, raw: bytes) -> None:
        """Read one stored field, whose pools sort before their teams."""
        pool, day_text, *team = name.split("/")
        day = dt.date.fromisoformat(day_text)
        if team:
            self._days[pool][day].teams[f"{pool}/{team[0]}"] = decode_state(raw, TeamState)
        else:
            self._days.setdefault(pool, {})[day] = Checkpoint(decode_state(raw, PoolState))

    def file(self, match: MatchState) -> None:
        """Note the day whose results hold this match."""
        if match.folded is not None:
            day = match.folded.kick_off.date()
            self._folded.setdefault(match.pool, {}).setdefault(day, {})[match.match_id] = None

    def unfile(self, match: MatchState) -> None:
        """Take a match out of its day, where it is in one."""
        if match.folded is not None:
            day = match.folded.kick_off.date()
            folded = self._folded[match.pool]
            del folded[day][match.match_id]
            if not folded[day]:
                del folded[day]

    def folded_since(self, pool: str, first: dt.date) -> list[tuple[dt.date, list[str]]]:
        """The days from *first* on with results in the ratings, and their matches, in order."""
        days = self._folded.get(pool, {})
        return [(day, sorted(days[day])) for day in sorted(days) if day >= first]

    def first_after(self, pool: str, day: dt.date | None) -> dt.date | None:
        """The first day later than *day* with results in the ratings."""
        later = (other for other in self._folded.get(pool, {}) if day is None or other > day)
        return min(later, default=None)

    def newest(self, pool: str) -> dt.date | None:
        """The newest day with a checkpoint."""
        # Days come in ascending order: whatever is late first takes off all that are later.
        return next(reversed(self._days.get(pool, {})), None)

    def at(self, pool: PoolState, day: dt.date) -> Checkpoint:
        """The checkpoint of a day, begun from *pool* as it is where there is none."""
        days = self._days.setdefault(pool.pool, {})
        found = days.get(day)
        if found is None:
            # Only what results move goes back with them.
            before = msgspec.structs.replace(pool, day=None, feeds={}, too_late=0)
            found = days[day] = Checkpoint(before)
            self._mark(_field(pool.pool, day), before)
        return found

    def knows(self, pool: str, day: dt.date, team: str) -> bool:
        """The day's results have changed this team."""
        found = self._days.get(pool, {}).get(day)
        return found is not None and team in found.teams

    def keep(self, checkpoint: Checkpoint, day: dt.date, team: TeamState) -> None:
        """Keep a team as it is before the day's first result changes it."""
        if team.key not in checkpoint.teams:
            checkpoint.teams[team.key] = team
            slug = team.key.rpartition("/")[2]
            self._mark(_field(team.pool, day) + b"/" + slug.encode(), team)

    def rewind(self, pool: str, first: dt.date) -> tuple[PoolState | None, dict[str, TeamState]]:
        """Take off the days from *first* on; returns pool and teams as they were before."""
        before: PoolState | None = None
        teams: dict[str, TeamState] = {}
        for day in sorted(self._days.get(pool, {}), reverse=True):
            if day < first:
                break
            before = self._days[pool][day].pool
            teams.update(self._days[pool][day].teams)
            self._drop(pool, day)
        return before, teams

    def drop_before(self, pool: str, day: dt.date) -> None:
        """Drop the checkpoints of days earlier than *day*: they are for ever."""
        for old in [old for old in self._days.get(pool, {}) if old < day]:
            self._drop(pool, old)

    def _drop(self, pool: str, day: dt.date) -> None:
        field = _field(pool, day)
        self._mark(field, None)
        for key in self._days[pool].pop(day).teams:
            self._mark(field + b"/" + key.rpartition("/")[2].encode(), None)


def _field(pool: str, day: dt.date) -> bytes:
    return f"c:{pool}/{day.isoformat()}".encode()
