"""Attack and defence as online Poisson rates, and the three probabilities they give.

Expected goals are mean x exp(attack - the other's defence), after Maher (1982); ratings climb the
gradient of the Poisson likelihood after each match; low scores are corrected as in Dixon and Coles
(1997), "Modelling association football scores and inefficiencies in the football betting market".
"""

from __future__ import annotations

from math import exp

LEARNING = 0.024
"""The step along the gradient, goals minus expected goals, after each match."""

MOST_GOALS = 6
"""More goals than these teach no more."""

LIMIT = 1.5
"""Ratings stay within this, so that no run of absurd scores makes expected goals overflow."""

LOW_SCORES = -0.08
"""Dixon and Coles' rho: draws at 0-0 and 1-1 are likelier than two Poissons say."""

# More goals than ten have no chance worth adding.
_SHARES = tuple(1.0 / goals for goals in range(1, 11))


def expected_goals(mean: float, attack: float, defence: float) -> float:
    """Goals that an attack is to score against a defence where *mean* is usual."""
    return mean * exp(attack - defence)


def stepped(rating: float, surprise: float) -> float:
    """A rating after goals that were *surprise* more than expected."""
    return min(max(rating + LEARNING * surprise, -LIMIT), LIMIT)


def outcome_probabilities(home: float, away: float) -> tuple[float, float, float]:
    """Home win, draw, away win for expected goals *home* and *away*; sums to one."""
    no_home = h = exp(-home)
    no_away = a = exp(-away)
    win, draw, loss = 0.0, h * a, 0.0
    # Chances that a side scored fewer than n, growing with n.
    below_home, below_away = h, a
    for share in _SHARES:
        h *= home * share
        a *= away * share
        win += h * below_away
        loss += a * below_home
        draw += h * a
        below_home += h
        below_away += a
    # Each of the four corrected scores moves by the same amount: 0-0 and 1-1 up, 1-0 and 0-1 down.
    shift = LOW_SCORES * no_home * no_away * home * away
    # The correction means nothing where one side is hopeless: no chance is less than none.
    win, draw, loss = max(win + shift, 0.0), draw - 2.0 * shift, max(loss + shift, 0.0)
    whole = win + draw + loss
    return win / whole, draw / whole, loss / whole
