"""A match's feature vector."""

from __future__ import annotations

from math import nan
from struct import Struct
from typing import TYPE_CHECKING

import numpy as np

from features.catalogue import CATALOGUE, OWN_CATALOGUE, TEAM_FEATURES
from features.market import before_play
from features.newcomer import entering
from features.parts import TeamPart
from features.state import OVER
from features.team_part import own_columns, pool_columns
from schemas.events import OddsPhase

if TYPE_CHECKING:
    from features.state import MatchState
    from features.world import World

_OWN = len(OWN_CATALOGUE)
_TEAMS = len(TEAM_FEATURES)
_REST_AT = _TEAMS * 8
# Packing is three times as fast as numpy's reading of a tuple.
_pack_own = Struct(f"{_OWN}d").pack_into
_pack_pool = Struct(f"{_TEAMS - _OWN}d").pack_into
_pack_rest = Struct(f"{len(CATALOGUE) - _TEAMS}d").pack_into
_NO_MARKET, _NO_MOVE = (nan, nan, nan, 0.0), (nan, nan)


def write_vector(world: World, match_id: str, row: np.ndarray) -> None:
    """Write a match's features into *row*: float64, shape (len(FEATURE_NAMES),), NaN = unknown.

    The order and the units are those of :data:`features.catalogue.CATALOGUE`. *row* lies in one
    piece in memory.
    """
    match = world.matches[match_id]
    row[:_TEAMS] = _team_part(world, match)
    _pack_rest(row.data, _REST_AT, *rest_columns(match))


def _team_part(world: World, match: MatchState) -> np.ndarray:
    """The team columns, float64 (len(TEAM_FEATURES),), from the cache as far as they still hold."""
    table = world.tables.get(match.pool)
    part = world.team_parts.get(match.match_id)
    if part is not None and part.table is table:
        return part.columns
    pool = world.pool(match.pool)
    # What a day moves is in the pool's own columns, and in teams that are yet to enter a season.
    if part is None or part.entering:
        teams = world.teams[match.home_key], world.teams[match.away_key]
        home, away = (
            entering(pool, team, match.competition, match.season, match.kick_off) for team in teams
        )
        is_entering = home is not teams[0] or away is not teams[1]
        part = TeamPart(home, away, np.empty(_TEAMS), table, entering=is_entering)
        _pack_own(part.columns.data, 0, *own_columns(match, home, away))
        if match.status not in OVER:
            world.team_parts[match.match_id] = part
    part.table = table
    _pack_pool(part.columns.data, _OWN * 8, *pool_columns(pool, table, match, part.home, part.away))
    return part.columns


def rest_columns(match: MatchState) -> tuple[float, ...]:
    """The columns that change by the minute: market and play.

    In play the market is that before it, from which minute and score lead on; moves go on.
    """
    live = match.market
    move = _NO_MOVE if live is None or live.suspended else (live.moved_home, live.moved_away)
    if match.minute is not None:
        known = before_play(match)
    elif live is None or live.suspended:
        known = None
    else:
        known = (live.p_home, live.p_draw, live.p_away), live.phase
    if known is None:
        market = _NO_MARKET
    else:
        market = (*known[0], 2.0 if known[1] is OddsPhase.CLOSING else 1.0)
    return (
        *market,
        *move,
        nan if match.minute is None else match.minute,
        match.home_score,
        match.away_score,
        match.home_reds,
        match.away_reds,
        1.0 if match.finished or (match.status == "live" and match.in_extra_time) else 0.0,
    )
