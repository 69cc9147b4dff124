"""Goals that are Poisson, and the difference of two such numbers (Skellam 1946)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from model_store.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

MOST_GOALS = 14
"""Sums stop here; more have less than 3e-4 even where five are expected."""


@compiled
def goal_probabilities(rate: float, chances: Floats) -> None:
    """Write the Poisson probabilities of 0 … 14 goals into *chances* (15,)."""
    chances[0] = math.exp(-rate)
    for goals in range(1, MOST_GOALS + 1):
        chances[goals] = chances[goals - 1] * (rate / goals)


@compiled
def margin_below(home: Floats, away: Floats, margin: int) -> float:
    """P(home scores less than *margin* more than away) of the chances (15,) of both's goals."""
    total = fewer = 0.0
    scored = 0
    for conceded in range(MOST_GOALS + 1):
        while scored <= MOST_GOALS and scored < conceded + margin:
            fewer += home[scored]
            scored += 1
        total += away[conceded] * fewer
    return total


@compiled
def outcome_probabilities(home_rate: float, away_rate: float) -> tuple[float, float, float]:
    """Home, draw and away from 0-0 when goals to come are Poisson with these means."""
    home, away = np.empty(MOST_GOALS + 1), np.empty(MOST_GOALS + 1)
    goal_probabilities(home_rate, home)
    goal_probabilities(away_rate, away)
    lost, not_won = margin_below(home, away, 0), margin_below(home, away, 1)
    return margin_below(home, away, MOST_GOALS + 1) - not_won, not_won - lost, lost
