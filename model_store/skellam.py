"""Goals that are Poisson, and the difference of two such numbers (Skellam 1946)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

MOST_GOALS = 14
_GOALS = np.arange(MOST_GOALS + 1)
# Goals of home that a margin leaves room for, by goals of away; in the last row all there are.
_EVERY = np.full(MOST_GOALS + 1, 10 * MOST_GOALS)
_LEVELS: dict[tuple[int, ...], npt.NDArray[np.int64]] = {
    margins: np.stack([*(_GOALS + margin for margin in margins), _EVERY])
    for margins in ((0, 1), (-1, 0, 1, 2))
}


def outcome_probabilities(rates: Floats, lead: Floats) -> Floats:
    """Home, draw and away, float64 (n, 3), when goals still to come are Poisson.

    *rates* is (n, 2), expected goals of home and away; *lead* (n,), home less away goals so far.
    The sum stops at 14 goals a side, above which lies less than 3e-4 even at five expected goals.
    """
    goals = goal_probabilities(rates)
    below = margin_below(goals, lead, (0, 1))
    won, draw, lost = (probabilities := np.empty((len(rates), 3))).T
    np.subtract(below[:, 2], below[:, 1], out=won)
    np.subtract(below[:, 1], below[:, 0], out=draw)
    lost[:] = below[:, 0]
    return probabilities


def margin_below(goals: Floats, lead: Floats, margins: tuple[int, ...]) -> Floats:
    """P(home ends less than this many goals ahead) for each of *margins*, then P(any).

    Float64 (n, len(margins) + 1) of *goals* (n, 2, 15), the chances of 0 … 14 goals still to come
    of home and away, and *lead* (n,). The last column is what the sums to 14 goals hold in all.
    """
    rows = len(goals)
    # P(home scores < k) for k = 0 … 15 at place k: a zero in front, so that k may leave the table.
    fewer = np.zeros((rows, MOST_GOALS + 2))
    np.add.accumulate(goals[:, 0], axis=1, out=fewer[:, 1:])
    level = _LEVELS[margins] - lead.astype(np.int64)[:, None, None]
    level = np.minimum(np.maximum(level, 0), MOST_GOALS + 1)
    level += np.arange(0, fewer.size, MOST_GOALS + 2)[:, None, None]
    below: Floats = np.add.reduce(goals[:, 1:] * fewer.take(level), axis=2)
    return below


def difference_probability(rates: Floats, difference: int) -> Floats:
    """P(home goals less away goals = *difference*), float64 (n,), for *difference* in -14 … 14."""
    goals = goal_probabilities(rates)
    first, second = (goals[:, 0], goals[:, 1]) if difference >= 0 else (goals[:, 1], goals[:, 0])
    apart = abs(difference)
    total: Floats = (first[:, apart:] * second[:, : MOST_GOALS + 1 - apart]).sum(axis=1)
    return total


def goal_probabilities(rates: Floats) -> Floats:
    """Poisson probabilities of 0 … 14 goals, float64 (n, k, 15), of *rates* (n, k)."""
    terms = np.empty((*rates.shape, MOST_GOALS + 1))
    np.exp(-rates, out=terms[:, :, 0])
    np.divide(rates[:, :, None], _GOALS[1:], out=terms[:, :, 1:])
    return np.multiply.accumulate(terms, axis=2)
