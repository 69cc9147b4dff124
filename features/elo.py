"""Elo ratings that weigh the goal difference, and pi-ratings.

Hvattum and Arntzen (2010), "Using ELO ratings for match result prediction in association
football", International Journal of Forecasting 26; Constantinou and Fenton (2013), "Determining
the level of ability of football teams by dynamic ratings", Journal of Quantitative Analysis in
Sports 9.
"""

from __future__ import annotations

from math import log10
from math import pow as power

K = 10.0
"""Elo points at stake in a draw; a goal of difference adds to them."""

PI_LEARNING = 0.035
PI_CARRY = 0.7
PI_BASE = 10.0
PI_SCALE = 3.0


def expectancy(difference: float) -> float:
    """The share of the point that a side *difference* Elo points stronger is to win."""
    return 1.0 / (1.0 + power(10.0, -difference / 400.0))


def outcome(home_goals: int, away_goals: int) -> float:
    """1 for a home win, a half for a draw, 0 for an away win."""
    return 1.0 if home_goals > away_goals else 0.5 if home_goals == away_goals else 0.0


def gain(expected: float, home_goals: int, away_goals: int) -> float:
    """Elo points that the home side wins from the away side by this result."""
    margin = min(abs(home_goals - away_goals), 6)
    weight = K * power(1.0 + margin, 0.8)
    return weight * (outcome(home_goals, away_goals) - expected)


def pi_difference(rating: float) -> float:
    """Goals by which a side of this pi-rating beats an average one on its ground."""
    size = power(PI_BASE, abs(rating) / PI_SCALE) - 1.0
    return size if rating >= 0.0 else -size


def pi_steps(home_rating: float, away_rating: float, goal_difference: int) -> tuple[float, float]:
    """What the result adds to the home side's home rating and to the away side's away rating."""
    error = goal_difference - (pi_difference(home_rating) - pi_difference(away_rating))
    size = PI_SCALE * log10(1.0 + abs(error))
    step = PI_LEARNING * (size if error >= 0.0 else -size)
    return step, -step


def regressed(elo: float, mean: float, share: float) -> float:
    """A rating after a summer: *share* of the way back to its competition's mean."""
    return elo + share * (mean - elo)
