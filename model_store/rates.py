"""Goals that each side is to score, from a forecast of the outcome and of the goals in all."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from model_store.compiled import compiled
from model_store.skellam import outcome_probabilities

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# Edges of the table: log(P(home) / P(away)), and log goals in all; and the step of both.
_BALANCE, _TOTAL, _STEP = (-7.0, 7.0), (0.0, 2.0), 0.1
_HEIGHT, _WIDTH = 141, 21
# What lies on the last edge is interpolated from the cell before it.
_WITHIN = 1 - 1e-12
_LARGEST_RATIO = 9.0
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


@compiled
def inputs_of_row(
    chances: tuple[float, float, float], rating: float
) -> tuple[float, float, float, float]:
    """What `Totals` weighs, of the probabilities and the goals that the ratings expect."""
    home, draw, away = math.log(chances[0]), math.log(chances[1]), math.log(chances[2])
    rated = math.log(rating) - _USUAL_LOG_GOALS if rating > 0 else 0.0
    balance = home - away
    return 1.0, min(max(rated, -0.7), 0.7), draw - 0.5 * (home + away), balance * balance


@compiled
def log_rates_of_row(
    chances: tuple[float, float, float], log_total: float, table: Floats
) -> tuple[float, float]:
    """Log goals of home and away, with this sum and this ratio of home to away wins.

    Interpolated in *table*, that of `solved_table`; what lies outside of it takes its edge.
    """
    log_total = min(max(log_total, _TOTAL[0]), _TOTAL[1])
    balance = math.log(chances[0]) - math.log(chances[2])
    down = min(max(balance / _STEP - _BALANCE[0] / _STEP, 0.0), (_HEIGHT - 1) * _WITHIN)
    right = min(max(log_total / _STEP - _TOTAL[0] / _STEP, 0.0), (_WIDTH - 1) * _WITHIN)
    row, column = int(down), int(right)
    down, right = down - row, right - column
    upper = table[row, column] + right * (table[row, column + 1] - table[row, column])
    row += 1
    lower = table[row, column] + right * (table[row, column + 1] - table[row, column])
    ratio = upper + down * (lower - upper)
    # log(T / (1 + e^-r)) and log(T / (1 + e^r)) for the log-ratio r of the two rates.
    home = log_total - math.log1p(math.exp(-ratio))
    return home, home - ratio


@compiled
def log_weights_of_row(
    chances: tuple[float, float, float], logs: tuple[float, float]
) -> tuple[float, float, float]:
    """What home, draw and away weigh, so that Poisson goals give these probabilities."""
    home, draw, away = outcome_probabilities(math.exp(logs[0]), math.exp(logs[1]))
    return (
        math.log(chances[0] / max(home, _LEAST_PROBABILITY)),
        math.log(chances[1] / max(draw, _LEAST_PROBABILITY)),
        math.log(chances[2] / max(away, _LEAST_PROBABILITY)),
    )


@compiled
def inputs(probabilities: Floats, rating: Floats) -> Floats:
    """`inputs_of_row`, float64 (n, 4), of probabilities (n, 3) and rated goals (n,)."""
    columns = np.empty((len(probabilities), 4))
    for row in range(len(probabilities)):
        columns[row] = inputs_of_row(_three(probabilities[row]), rating[row])
    return columns


@compiled
def log_rates(probabilities: Floats, log_total: Floats, table: Floats) -> Floats:
    """`log_rates_of_row`, float64 (n, 2), of probabilities (n, 3) and log goals (n,)."""
    logs = np.empty((len(probabilities), 2))
    for row in range(len(probabilities)):
        logs[row] = log_rates_of_row(_three(probabilities[row]), log_total[row], table)
    return logs


@compiled
def log_weights(probabilities: Floats, logs: Floats) -> Floats:
    """`log_weights_of_row`, float64 (n, 3), of probabilities (n, 3) and log rates (n, 2)."""
    weights = np.empty((len(probabilities), 3))
    for row in range(len(probabilities)):
        both = logs[row, 0], logs[row, 1]
        weights[row] = log_weights_of_row(_three(probabilities[row]), both)
    return weights


@compiled
def _three(row: Floats) -> tuple[float, float, float]:
    return row[0], row[1], row[2]


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


@functools.cache
def solved_table() -> Floats:
    """Log-ratios of the two rates, float64 (141, 21), for `log_rates`; a constant, made once."""
    table = _solved(np.linspace(*_BALANCE, _HEIGHT), np.linspace(*_TOTAL, _WIDTH))
    table.setflags(write=False)
    return table


@compiled
def _solved(balances: Floats, log_totals: Floats) -> Floats:
    """The log-ratios at which home wins are exp(balance) times as likely as away wins."""
    table = np.empty((len(balances), len(log_totals)))
    for row, balance in enumerate(balances):
        for column, log_total in enumerate(log_totals):
            table[row, column] = _solved_ratio(math.exp(balance), math.exp(log_total))
    return table


@compiled
def _solved_ratio(odds: float, total: float) -> float:
    """By bisection: the larger the ratio, the likelier home."""
    low, high = -_LARGEST_RATIO, _LARGEST_RATIO
    while high - low >= _TOLERANCE:
        middle = 0.5 * (low + high)
        goals = total / (1.0 + math.exp(-middle))
        home, _, away = outcome_probabilities(goals, total - goals)
        if home < away * odds:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
