"""What a score distribution says: outcome, goals of both sides, over 2.5, both teams to score.

The final score is what stands plus two Poisson numbers (Maher 1982), each cell of that table
weighed by whether it is a home win, a draw or an away win. The weights let the table have exactly
the three probabilities that are forecast, so that everything read off it agrees with them.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from model_store.network import row_product
from model_store.skellam import goal_probabilities, margin_below

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

NAMES = ("home", "draw", "away", "goals_home", "goals_away", "over_2_5", "both_score")
"""The columns of a forecast."""

_MARGINS = (-1, 0, 1, 2)
_UNDER = 2
# From P(margin < -1, 0, 1, 2) and P(any) to home, draw, away: as it stands, after one more goal of
# home, after one more of away. E[goals · 1(outcome)] of a Poisson number is its mean times the
# probability of that outcome with one goal more.
_CELLS = np.array(
    [
        [0, 0, 0, 0, -1, 1, 0, 0, 0],
        [0, -1, 1, -1, 1, 0, 0, 0, 0],
        [-1, 1, 0, 0, 0, 0, 0, -1, 1],
        [0, 0, 0, 0, 0, 0, -1, 1, 0],
        [1, 0, 0, 1, 0, 0, 1, 0, 0],
    ],
    dtype=np.float64,
)
# Goals still to come that leave at most two in all.
_FEW = np.array([(i, j) for i, j in itertools.product(range(3), repeat=2) if i + j <= _UNDER])


def _under() -> Floats:
    """Which of `_FEW` ends in at most two goals and how: (16, 6, 3) by 4 · home + away so far."""
    table = np.zeros((16, len(_FEW), 3))
    for home, away in itertools.product(range(4), repeat=2):
        for place, (more_home, more_away) in enumerate(_FEW):
            if home + away + more_home + more_away <= _UNDER:
                outcome = 1 - np.sign(home + more_home - away - more_away)
                table[4 * home + away, place, outcome] = 1.0
    return table


_UNDER_BY_SCORE = _under()


def score_lines(rates: Floats, score: Floats, log_weights: Floats) -> Floats:
    """Forecasts, float64 (n, 7), in the order of `NAMES`, each row for itself.

    *rates* (n, 2) are expected goals still to come, above 0; *score* (n, 2) the goals so far;
    *log_weights* (n, 3) weigh home, draw and away.
    """
    goals = goal_probabilities(rates)
    below = margin_below(goals, score[:, 0] - score[:, 1], _MARGINS)
    cells = row_product(below, _CELLS).reshape(-1, 3, 3)
    weights = np.exp(log_weights - np.maximum.reduce(log_weights, axis=1, keepdims=True))
    cells = np.maximum(cells, 0.0) * weights[:, None, :]
    sums = np.add.reduce(cells, axis=2)
    weights /= sums[:, :1]
    lines = np.empty((len(rates), len(NAMES)))
    np.divide(cells[:, 0], sums[:, :1], out=lines[:, :3])
    np.divide(sums[:, 1:], sums[:, :1], out=lines[:, 3:5])
    lines[:, 3:5] *= rates
    lines[:, 3:5] += score
    lines[:, 5] = _under_2_5(goals, score, weights)
    lines[:, 6] = _not_both(goals, score, weights)
    np.subtract(1.0, lines[:, 5:], out=lines[:, 5:])
    np.maximum(lines[:, 5:], 0.0, out=lines[:, 5:])
    return lines


def _under_2_5(goals: Floats, score: Floats, weights: Floats) -> Floats:
    so_far = np.minimum(score, 3.0).astype(np.int64)
    few = goals[:, 0, _FEW[:, 0]] * goals[:, 1, _FEW[:, 1]]
    table = _UNDER_BY_SCORE.take(4 * so_far[:, 0] + so_far[:, 1], axis=0)
    by_outcome = np.matmul(few[:, None, :], table)[:, 0]
    under: Floats = np.add.reduce(by_outcome * weights, axis=1)
    return under


def _not_both(goals: Floats, score: Floats, weights: Floats) -> Floats:
    """A side that has not scored and will not: then it has lost, or it is nil each."""
    home_nil = goals[:, 0, 0] * (score[:, 0] == 0)
    away_nil = goals[:, 1, 0] * (score[:, 1] == 0)
    won, draw, lost = weights.T
    nil: Floats = home_nil * lost + away_nil * won + home_nil * away_nil * (draw - won - lost)
    return nil
