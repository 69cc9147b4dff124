"""A rating learnt from the closing odds of past matches: what the market thought of a team.

Each side has a strength in log-odds of winning rather than losing; a match's closing odds move
both towards the difference that they imply, as Elo does with results (Hvattum and Arntzen 2010),
and with far less noise: odds are expectations, results are draws from them.
"""

from __future__ import annotations

from math import isnan, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.state import Chances, PoolState, TeamState

STEP = 0.25
"""The share of a surprise by which either side moves; half of it is gone after one match."""

_LEAST = 1e-6


def implied(chances: Chances) -> float:
    """The log-odds of a home rather than an away win."""
    return log(max(chances[0], _LEAST) / max(chances[2], _LEAST))


def learn(
    pool: PoolState, chances: Chances | None, home: TeamState, away: TeamState, *, neutral: bool
) -> float | None:
    """Move both sides in place; returns how much better for home the odds were than expected."""
    if chances is None:
        return None
    home_before = 0.0 if isnan(home.market) else home.market
    away_before = 0.0 if isnan(away.market) else away.market
    advantage = 0.0 if neutral else pool.market_advantage
    surprise = implied(chances) - (home_before + advantage - away_before)
    home.market = home_before + STEP * surprise
    away.market = away_before - STEP * surprise
    return surprise
