"""A match's feature vector."""

from __future__ import annotations

from math import nan
from struct import Struct
from typing import TYPE_CHECKING

import numpy as np

from features.catalogue import TEAM_FEATURES
from features.state import OVER
from features.team_part import team_part
from schemas.events import OddsPhase

if TYPE_CHECKING:
    from features.state import MatchState
    from features.world import World

_TEAMS = len(TEAM_FEATURES)
_pack = Struct(f"{_TEAMS}d").pack
_NO_MARKET = (nan, nan, nan, 0.0)


def write_vector(world: World, match_id: str, row: np.ndarray) -> None:
    """Write a match's features into *row*: float64, shape (len(FEATURE_NAMES),), NaN = unknown.

    The order and the units are those of :data:`features.catalogue.CATALOGUE`.
    """
    match = world.matches[match_id]
    part = world.team_parts.get(match_id)
    if part is None:
        values = team_part(
            world.pool(match.pool),
            match,
            world.teams[match.home_key],
            world.teams[match.away_key],
        )
        # Packing first is three times as fast as numpy's reading of a tuple.
        part = np.frombuffer(_pack(*values), dtype=np.float64)
        if match.status not in OVER:
            world.team_parts[match_id] = part
    row[:_TEAMS] = part
    row[_TEAMS:] = _rest(match)


def _rest(match: MatchState) -> tuple[float, ...]:
    """The columns that change by the minute: market and play."""
    book = match.market
    if book is None or book.suspended:
        market = _NO_MARKET
    else:
        phase = 2.0 if book.phase is OddsPhase.CLOSING else 1.0
        market = (book.p_home, book.p_draw, book.p_away, phase)
    return (
        *market,
        nan if match.minute is None else match.minute,
        match.home_score,
        match.away_score,
        match.home_reds,
        match.away_reds,
        1.0 if match.finished else 0.0,
    )
