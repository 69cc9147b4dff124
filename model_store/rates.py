"""Goals that each side is to score, from a forecast of the outcome and of the goals in all."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from model_store.skellam import outcome_probabilities
from schemas.errors import ModelError

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# Edges of the table: log(P(home) / P(away)), and log goals in all; and its two steps.
_BALANCE, _TOTAL = (-7.0, 7.0), (0.0, 2.0)
_STEPS = np.array([0.1, 0.1])
_HEIGHT, _WIDTH = 141, 21
_ORIGIN = np.array([_BALANCE[0], _TOTAL[0]]) / _STEPS
_REACH = np.array([_HEIGHT - 1.0, _WIDTH - 1.0]) * (1 - 1e-12)
_CORNERS = np.array([0, 1, _WIDTH, _WIDTH + 1])
_MOST_STEPS = 80
_TOLERANCE = 1e-9
_USUAL_LOG_GOALS = 1.0
_LEAST_PROBABILITY = 1e-6


class Totals(msgspec.Struct, frozen=True):
    """How many goals a match will see: coefficients of log goals, by what the forecast knows.

    ``constant``; ``rating``, by the log of the goals that the ratings expect, less 1; ``level``,
    by log(draw / √(home · away)): few goals make draws; ``balance``, by log(home / away) squared.
    The defaults were fitted on 12 leagues, 2014/15 to 2021/22.
    """

    constant: float = 0.93
    rating: float = 0.45
    level: float = -0.25
    balance: float = 0.0

    def row(self) -> list[float]:
        """The four numbers in the order of `inputs`."""
        return [self.constant, self.rating, self.level, self.balance]


MARKET_TOTALS = Totals(constant=0.74, rating=0.01, level=-1.07, balance=-0.022)
"""The same where a market is known: it holds more of the goals than the ratings do."""


def inputs(probabilities: Floats, rating: Floats) -> Floats:
    """What `Totals` weighs, float64 (n, 4), of probabilities (n, 3) and rated goals (n,)."""
    logs = np.log(probabilities)
    columns = np.empty((len(probabilities), 4))
    columns[:, 0] = 1.0
    rated = np.log(np.where(rating > 0, rating, np.e)) - _USUAL_LOG_GOALS
    columns[:, 1] = np.minimum(np.maximum(rated, -0.7), 0.7)
    columns[:, 2] = logs[:, 1] - 0.5 * (logs[:, 0] + logs[:, 2])
    balance = logs[:, 0] - logs[:, 2]
    np.multiply(balance, balance, out=columns[:, 3])
    return columns


def log_rates(probabilities: Floats, log_total: Floats) -> Floats:
    """Log goals of home and away, (n, 2), with this sum and this ratio of home to away wins.

    Interpolated in a table made once; forecasts outside of it take its edge.
    """
    logs = np.log(probabilities)
    place = np.empty((len(logs), 2))
    np.subtract(logs[:, 0], logs[:, 2], out=place[:, 0])
    place[:, 1] = log_total = np.minimum(np.maximum(log_total, _TOTAL[0]), _TOTAL[1])
    place = np.minimum(np.maximum(place / _STEPS - _ORIGIN, 0.0), _REACH)
    whole = place.astype(np.int64)
    around = _solved_table().take((whole[:, 0] * _WIDTH + whole[:, 1])[:, None] + _CORNERS)
    near = place - whole
    down, right = near[:, 0], near[:, 1]
    upper = around[:, 0] + right * (around[:, 1] - around[:, 0])
    lower = around[:, 2] + right * (around[:, 3] - around[:, 2])
    ratio = upper + down * (lower - upper)
    both = np.empty((len(logs), 2))
    # log(T / (1 + e^-r)) and log(T / (1 + e^r)) for the log-ratio r of the two rates.
    np.subtract(log_total, np.log1p(np.exp(-ratio)), out=both[:, 0])
    np.subtract(both[:, 0], ratio, out=both[:, 1])
    return both


def log_weights(probabilities: Floats, logs: Floats) -> Floats:
    """What home, draw and away weigh, (n, 3), so that Poisson rates give these probabilities."""
    made = outcome_probabilities(np.exp(logs), np.zeros(len(logs)))
    weights: Floats = np.log(probabilities / np.maximum(made, _LEAST_PROBABILITY))
    return weights


def fitted_log_total(totals: Floats, columns: Floats) -> Floats:
    """Log goals (n,) of coefficients (n, 4) or (4,) and `inputs` (n, 4)."""
    total: Floats = np.add.reduce(columns * totals, axis=1)
    return total


def fit_totals(columns: Floats, goals: Floats, *, prior: Totals, ridge: float = 200.0) -> Totals:
    """Poisson regression of all goals (n,) on `inputs`; without rows the answer is the prior."""
    start = np.array(prior.row())
    theta = poisson_regression(columns, goals, np.zeros(len(goals)), start, np.full(4, ridge))
    return Totals(*theta.tolist())


def poisson_regression(
    design: Floats, goals: Floats, offset: Floats, prior: Floats, ridge: Floats
) -> Floats:
    """Weights (p,) that maximise the likelihood of goals ~ Poisson(exp(design·θ + offset)).

    Less ½ Σ ridge (θ - prior)². Newton's method (McCullagh & Nelder 1989); strictly concave.
    """
    theta = prior.copy()
    for _ in range(_MOST_STEPS):
        mean = np.exp(np.clip(design @ theta + offset, -20.0, 3.0))
        slope = design.T @ (goals - mean) - ridge * (theta - prior)
        curve = (design * mean[:, None]).T @ design + np.diag(ridge)
        step = np.clip(np.linalg.solve(curve, slope), -0.5, 0.5)
        theta += step
        if np.abs(step).max() < _TOLERANCE:
            break
    return theta


def prepare() -> None:
    """Make the table of `log_rates` now (about 0.3 s) instead of at its first use."""
    _solved_table()


@functools.cache
def _solved_table() -> Floats:
    """Log-ratio of the two rates, float64 (height · width,); a constant, made once."""
    axes = np.linspace(*_BALANCE, _HEIGHT), np.linspace(*_TOTAL, _WIDTH)
    balance, log_total = (part.ravel() for part in np.meshgrid(*axes, indexing="ij"))
    table = _solved(balance, np.exp(log_total))
    table.setflags(write=False)
    return table


def _solved(balance: Floats, total: Floats) -> Floats:
    """The log-ratio at which home wins are exp(balance) times as likely as away wins."""
    low, high = np.full(len(balance), -9.0), np.full(len(balance), 9.0)
    level = np.zeros(len(balance))
    for _ in range(_MOST_STEPS):
        middle = 0.5 * (low + high)
        home = total / (1.0 + np.exp(-middle))
        made = outcome_probabilities(np.stack([home, total - home], axis=1), level)
        below = made[:, 0] < made[:, 2] * np.exp(balance)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
        if np.max(high - low) < _TOLERANCE:
            solved: Floats = 0.5 * (low + high)
            return solved
    raise ModelError("The table of goal rates did not converge; this is a fault of the program.")
