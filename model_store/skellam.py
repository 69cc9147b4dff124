"""Who wins when the goals of both sides are Poisson: sums of Skellam's distribution (1946)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_MOST_GOALS = 14
_GOALS = np.arange(_MOST_GOALS + 1)
# With 0 … 14 goals of away: as many of home as make it level at nil each, and one more.
_LEVELS = np.stack([_GOALS, _GOALS + 1])


def outcome_probabilities(rates: Floats, lead: Floats) -> Floats:
    """Home, draw and away, float64 (n, 3), when goals still to come are Poisson.

    *rates* is (n, 2), expected goals of home and away; *lead* (n,), home less away goals so far.
    The sum stops at 14 goals a side, above which lies less than 3e-4 even at five expected goals.
    """
    goals = goal_probabilities(rates)
    # P(home scores < k) for k = 0 … 15 at place k: a zero in front, so that k may leave the table.
    fewer = np.zeros((len(rates), _MOST_GOALS + 2))
    np.add.accumulate(goals[:, 0], axis=1, out=fewer[:, 1:])
    level = _LEVELS - lead.astype(np.int64)[:, None, None]
    level = np.minimum(np.maximum(level, 0), _MOST_GOALS + 1)
    level += np.arange(0, fewer.size, _MOST_GOALS + 2)[:, None, None]
    sums = np.add.reduce(goals[:, 1:] * fewer.take(level), axis=2)
    won, draw, lost = (probabilities := np.empty((len(rates), 3))).T
    np.subtract(fewer[:, -1] * np.add.reduce(goals[:, 1], axis=1), sums[:, 1], out=won)
    np.subtract(sums[:, 1], sums[:, 0], out=draw)
    lost[:] = sums[:, 0]
    return probabilities


def difference_probability(rates: Floats, difference: int) -> Floats:
    """P(home goals less away goals = *difference*), float64 (n,), for *difference* in -14 … 14."""
    goals = goal_probabilities(rates)
    first, second = (goals[:, 0], goals[:, 1]) if difference >= 0 else (goals[:, 1], goals[:, 0])
    apart = abs(difference)
    total: Floats = (first[:, apart:] * second[:, : _MOST_GOALS + 1 - apart]).sum(axis=1)
    return total


def goal_probabilities(rates: Floats) -> Floats:
    """Poisson probabilities of 0 … 14 goals, float64 (n, k, 15), of *rates* (n, k)."""
    terms = np.empty((*rates.shape, _MOST_GOALS + 1))
    np.exp(-rates, out=terms[:, :, 0])
    np.divide(rates[:, :, None], _GOALS[1:], out=terms[:, :, 1:])
    return np.multiply.accumulate(terms, axis=2)
