"""The folded state of one partition, and what of it changed since it was last stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.checkpoints import Checkpoints
from features.codec import StateVersionError, decode_state, encode_state
from features.state import MatchState, PoolState, Table, TeamState

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from features.codec import AnyState
    from features.parts import TeamPart

_NOTHING: dict[str, None] = {}


class World:
    """Matches, teams and pools by id, with an index from team and pool to open matches.

    Whoever changes a state says so by one of the ``keep_*`` methods (or :meth:`touch`);
    :meth:`take_changes` then hands out its bytes once. ``team_parts`` caches those columns of open
    matches' vectors that only their teams move; an entry is dropped when one of them changes.
    """

    def __init__(self) -> None:
        self.matches: dict[str, MatchState] = {}
        self.teams: dict[str, TeamState] = {}
        self.pools: dict[str, PoolState] = {}
        self.tables: dict[str, Table] = {}
        self.checkpoints = Checkpoints(self.mark)
        self.team_parts: dict[str, TeamPart] = {}
        self._dirty: dict[bytes, AnyState | None] = {}
        # Dictionaries without values are sets that remember their order.
        self._teams_of_pool: dict[str, dict[str, None]] = {}
        self._open_by_team: dict[str, dict[str, None]] = {}
        self._open_by_pool: dict[str, dict[str, None]] = {}
        self._by_day: dict[str, dict[dt.date, dict[str, None]]] = {}
        self._by_external: dict[tuple[str, str, str], str] = {}

    @classmethod
    def load(cls, items: Mapping[bytes, bytes]) -> World:
        """Build the world from the stored hash, as :meth:`take_changes` wrote it.

        Raises:
            StateVersionError: When a field cannot be read.
        """
        world = cls()
        for field in sorted(items):
            world._restore(field, items[field])
        return world

    def _restore(self, field: bytes, raw: bytes) -> None:
        name = field[2:].decode()
        match field[:2]:
            case b"m:":
                self.matches[name] = match = decode_state(raw, MatchState)
                self.index(match)
                self.checkpoints.file(match)
            case b"t:":
                self.teams[name] = decode_state(raw, TeamState)
                self._teams_of_pool.setdefault(self.teams[name].pool, {})[name] = None
            case b"p:":
                self.pools[name] = decode_state(raw, PoolState)
            case b"s:":
                self.tables[name] = decode_state(raw, Table)
            case b"c:":
                self.checkpoints.restore(name, raw)
            case _:
                raise StateVersionError(f"the state holds an unknown field {field!r}")

    def take_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Hand out the fields that changed since the last call; None where one is to be removed."""
        changes = [
            (field, None if state is None else encode_state(state))
            for field, state in self._dirty.items()
        ]
        self._dirty.clear()
        return changes

    def mark(self, field: bytes, state: AnyState | None) -> None:
        """Say that a field of the stored hash is now this, or is to be removed."""
        self._dirty[field] = state

    def touch(self, match_id: str) -> None:
        """Say that this match changed, for an agent that wrote its own fields."""
        self._dirty[b"m:" + match_id.encode()] = self.matches[match_id]

    def keep_match(self, match: MatchState) -> None:
        """Take in a new or changed match."""
        self.matches[match.match_id] = match
        self._dirty[b"m:" + match.match_id.encode()] = match

    def keep_team(self, team: TeamState) -> None:
        """Take in a new or changed team; vectors of its open matches are made anew."""
        key = team.key
        if key not in self.teams:
            self._teams_of_pool.setdefault(team.pool, {})[key] = None
        self.teams[key] = team
        self._dirty[b"t:" + key.encode()] = team
        for match_id in self._open_by_team.get(key, _NOTHING):
            self.team_parts.pop(match_id, None)

    def keep_pool(self, pool: PoolState) -> None:
        """Take in a new or changed pool."""
        self.pools[pool.pool] = pool
        self._dirty[b"p:" + pool.pool.encode()] = pool

    def keep_table(self, pool: str, table: Table) -> None:
        """Take in the tables of a pool."""
        self.tables[pool] = table
        self._dirty[b"s:" + pool.encode()] = table

    def pool(self, name: str) -> PoolState:
        """The pool of this name, or a fresh one that is not kept yet."""
        return self.pools.get(name) or PoolState(pool=name)

    def teams_of(self, pool: str) -> list[TeamState]:
        """The teams of a pool, in no order that means anything."""
        return [self.teams[key] for key in self._teams_of_pool.get(pool, _NOTHING)]

    def index(self, match: MatchState) -> None:
        """File *match* as open or over, by its status, and under its feeds' own ids."""
        match_id = match.match_id
        self.team_parts.pop(match_id, None)
        self.file(match, match.kick_off.date())
        shelves = (
            self._open_by_team.setdefault(match.home_key, {}),
            self._open_by_team.setdefault(match.away_key, {}),
            self._open_by_pool.setdefault(match.pool, {}),
        )
        for shelf in shelves:
            if match.over:
                shelf.pop(match_id, None)
            else:
                shelf[match_id] = None
        if not match.rekeyed_to:
            for feed, name in match.external_ids.items():
                self._by_external[match.pool, feed, name] = match_id

    def named(self, pool: str, external_ids: dict[str, str]) -> str | None:
        """The match that bears one of these ids of feeds."""
        for feed in sorted(external_ids):
            match_id = self._by_external.get((pool, feed, external_ids[feed]))
            if match_id is not None:
                return match_id
        return None

    def open_of_teams(self, *team_keys: str) -> list[str]:
        """The open matches of these teams, sorted, each once."""
        found: dict[str, None] = {}
        for key in team_keys:
            found.update(self._open_by_team.get(key, _NOTHING))
        return sorted(found)

    def open_in_pool(self, pool: str) -> list[str]:
        """The open matches of a pool, sorted."""
        return sorted(self._open_by_pool.get(pool, _NOTHING))

    def file(self, match: MatchState, day: dt.date) -> None:
        """Look at *match* again, whether it is to be forgotten, when *day* is long past."""
        days = self._by_day.setdefault(match.pool, {})
        days.setdefault(day, {})[match.match_id] = None

    def past(self, pool: str, limit: dt.date) -> list[MatchState]:
        """Take out the matches of a pool that are filed under days before *limit*, in order."""
        days = self._by_day.get(pool, {})
        old = [day for day in days if day < limit]
        if not old:
            return []
        gone = [name for day in old for name in days.pop(day)]
        return [self.matches[name] for name in sorted({*gone}) if name in self.matches]

    def forget(self, match: MatchState) -> None:
        """Drop a match of which nothing more is to be said."""
        match_id = match.match_id
        del self.matches[match_id]
        self.team_parts.pop(match_id, None)
        self._open_by_pool[match.pool].pop(match_id, None)
        for key in (match.home_key, match.away_key):
            self._open_by_team[key].pop(match_id, None)
        for feed, name in match.external_ids.items():
            if self._by_external.get((match.pool, feed, name)) == match_id:
                del self._by_external[match.pool, feed, name]
        self.checkpoints.unfile(match)
        self._dirty[b"m:" + match_id.encode()] = None
