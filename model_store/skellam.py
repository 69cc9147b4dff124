"""Who wins when the goals of both sides are Poisson: sums of Skellam's distribution (1946)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_MOST_GOALS = 14
_GOALS = np.arange(_MOST_GOALS + 1)


def outcome_probabilities(rates: Floats, lead: Floats) -> Floats:
    """Home, draw and away, float64 (n, 3), when goals still to come are Poisson.

    *rates* is (n, 2), expected goals of home and away; *lead* (n,), home less away goals so far.
    The sum stops at 14 goals a side, above which lies less than 3e-4 even at five expected goals.
    """
    home, away = goal_probabilities(rates[:, 0]), goal_probabilities(rates[:, 1])
    # P(home scores < k) for k = 0 … 15 at place k: a zero in front, so that k may leave the table.
    fewer = np.zeros((len(rates), _MOST_GOALS + 2))
    np.cumsum(home, axis=1, out=fewer[:, 1:])
    rows = np.arange(len(rates))[:, None]
    # With as many more goals as this, on top of away's, home draws level.
    level = _GOALS - lead[:, None].astype(np.int64)
    lost = (away * fewer[rows, _within(level)]).sum(axis=1)
    not_won = (away * fewer[rows, _within(level + 1)]).sum(axis=1)
    total = fewer[:, -1] * away.sum(axis=1)
    return np.stack([total - not_won, not_won - lost, lost], axis=1)


def difference_probability(rates: Floats, difference: int) -> Floats:
    """P(home goals less away goals = *difference*), float64 (n,), for *difference* in -14 … 14."""
    home, away = goal_probabilities(rates[:, 0]), goal_probabilities(rates[:, 1])
    if difference >= 0:
        both = home[:, difference:] * away[:, : _MOST_GOALS + 1 - difference]
    else:
        both = home[:, :difference] * away[:, -difference:]
    total: Floats = both.sum(axis=1)
    return total


def goal_probabilities(rate: Floats) -> Floats:
    """Poisson probabilities of 0 … 14 goals, float64 (n, 15), of *rate* (n,)."""
    terms = np.empty((len(rate), _MOST_GOALS + 1))
    terms[:, 0] = np.exp(-rate)
    terms[:, 1:] = rate[:, None] / _GOALS[1:]
    return np.cumprod(terms, axis=1)


def _within(place: np.ndarray) -> np.ndarray:
    return np.minimum(np.maximum(place, 0), _MOST_GOALS + 1)
