"""The folded state of one partition, and what of it changed since it was last stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.codec import StateVersionError, decode_state, encode_state
from features.state import MatchState, PoolState, TeamState

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


class World:
    """Matches, teams and pools by id, with an index from team and pool to open matches.

    Whoever changes a state says so by one of the ``keep_*`` methods (or :meth:`touch`);
    :meth:`take_changes` then hands out its bytes once. ``team_parts`` caches the team columns of
    open matches' vectors; an entry is dropped when something that it is made of changes.
    """

    def __init__(self) -> None:
        self.matches: dict[str, MatchState] = {}
        self.teams: dict[str, TeamState] = {}
        self.pools: dict[str, PoolState] = {}
        self.team_parts: dict[str, np.ndarray] = {}
        self._dirty: dict[bytes, MatchState | TeamState | PoolState | None] = {}
        # Dictionaries without values are sets that remember their order.
        self._open_by_team: dict[str, dict[str, None]] = {}
        self._open_by_pool: dict[str, dict[str, None]] = {}
        self._over_by_pool: dict[str, dict[str, None]] = {}

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
                self.matches[name] = decode_state(raw, MatchState)
                self.index(self.matches[name])
            case b"t:":
                self.teams[name] = decode_state(raw, TeamState)
            case b"p:":
                self.pools[name] = decode_state(raw, PoolState)
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

    def touch(self, match_id: str) -> None:
        """Say that this match changed, for an agent that wrote its own fields."""
        self._dirty[b"m:" + match_id.encode()] = self.matches[match_id]

    def keep_match(self, match: MatchState) -> None:
        """Take in a new or changed match."""
        self.matches[match.match_id] = match
        self._dirty[b"m:" + match.match_id.encode()] = match

    def keep_team(self, team: TeamState) -> None:
        """Take in a new or changed team; vectors of its open matches are made anew."""
        self.teams[team.key] = team
        self._dirty[b"t:" + team.key.encode()] = team
        for match_id in self._open_by_team.get(team.key, ()):
            self.team_parts.pop(match_id, None)

    def keep_pool(self, pool: PoolState) -> None:
        """Take in a new or changed pool."""
        self.pools[pool.pool] = pool
        self._dirty[b"p:" + pool.pool.encode()] = pool

    def pool(self, name: str) -> PoolState:
        """The pool of this name, or a fresh one that is not kept yet."""
        return self.pools.get(name) or PoolState(pool=name)

    def index(self, match: MatchState) -> None:
        """File *match* as open or over, by its status."""
        match_id = match.match_id
        self.team_parts.pop(match_id, None)
        shelves = (
            self._open_by_team.setdefault(match.home_key, {}),
            self._open_by_team.setdefault(match.away_key, {}),
            self._open_by_pool.setdefault(match.pool, {}),
        )
        over = self._over_by_pool.setdefault(match.pool, {})
        if match.over:
            over[match_id] = None
            for shelf in shelves:
                shelf.pop(match_id, None)
        else:
            over.pop(match_id, None)
            for shelf in shelves:
                shelf[match_id] = None

    def open_of_teams(self, *team_keys: str) -> list[str]:
        """The open matches of these teams, sorted, each once."""
        found: dict[str, None] = {}
        for key in team_keys:
            found.update(self._open_by_team.get(key, {}))
        return sorted(found)

    def open_in_pool(self, pool: str) -> list[str]:
        """The open matches of a pool, sorted."""
        return sorted(self._open_by_pool.get(pool, ()))

    def over_in_pool(self, pool: str) -> list[str]:
        """The matches of a pool that are over and still kept, sorted."""
        return sorted(self._over_by_pool.get(pool, ()))

    def forget(self, match: MatchState) -> None:
        """Drop a match that is over."""
        del self.matches[match.match_id]
        self._over_by_pool.get(match.pool, {}).pop(match.match_id, None)
        self._dirty[b"m:" + match.match_id.encode()] = None
