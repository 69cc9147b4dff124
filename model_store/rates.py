"""Goal rates that give back a forecast, by interpolation in a table made once."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from model_store.network import row_product
from model_store.skellam import difference_probability, outcome_probabilities
from schemas.errors import ModelError

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# Edges and steps of the table: log(home / away), and log(draw / √(home · away)).
_BALANCE, _LEVEL = (-6.0, 6.0), (-1.0, 1.5)
_STEP = 0.05
_HEIGHT = round((_BALANCE[1] - _BALANCE[0]) / _STEP) + 1
_WIDTH = round((_LEVEL[1] - _LEVEL[0]) / _STEP) + 1
# From log-probabilities to places in the table.
_TO_PLACE = np.array([[1.0, -0.5], [0.0, 1.0], [-1.0, -0.5]]) / _STEP
_ORIGIN = np.array([_BALANCE[0], _LEVEL[0]]) / _STEP
_MOST_STEPS = 60
_TOLERANCE = 1e-9


class GoalRates:
    """Expected goals of home and away whose Poisson difference has the given probabilities.

    The two ratios of three probabilities fix the two rates. The table holds their logarithms;
    interpolation gives the probabilities back to about 1e-4. Forecasts outside the table (a side
    400 times likelier, or fewer draws than nine goals a match would leave) take its edge.
    """

    def __init__(self) -> None:
        self._table = _solved_table()
        self._reach = np.array([_HEIGHT - 1.0, _WIDTH - 1.0]) * (1 - 1e-12)
        self._corners = np.array([0, 1, _WIDTH, _WIDTH + 1])

    def __call__(self, probabilities: Floats) -> Floats:
        """Rates, float64 (n, 2), of probabilities (n, 3), none of them 0."""
        place = row_product(np.log(probabilities), _TO_PLACE) - _ORIGIN
        place = np.minimum(np.maximum(place, 0.0), self._reach)
        whole = place.astype(np.int64)
        corner = whole[:, 0] * _WIDTH + whole[:, 1]
        around = self._table.take(corner[:, None] + self._corners, axis=0)
        near = np.empty((len(place), 2, 2))
        np.subtract(place, whole, out=near[:, 1])
        np.subtract(1.0, near[:, 1], out=near[:, 0])
        share = near[:, :, None, 0] * near[:, None, :, 1]
        rates: Floats = np.exp(np.add.reduce(around * share.reshape(-1, 4, 1), axis=1))
        return rates


def _ratios(logs: Floats) -> Floats:
    """The two log-ratios, (n, 2), of log-probabilities (n, 3)."""
    home, draw, away = logs[:, 0], logs[:, 1], logs[:, 2]
    return np.stack([home - away, draw - 0.5 * (home + away)], axis=1)


@functools.cache
def _solved_table() -> Floats:
    """Log rates, float64 (height · width, 2); a constant, made once as it takes 0.2 s."""
    axes = np.linspace(*_BALANCE, _HEIGHT), np.linspace(*_LEVEL, _WIDTH)
    grid = np.meshgrid(*axes, indexing="ij")
    table = _solved(np.stack([part.ravel() for part in grid], axis=1))
    table.setflags(write=False)
    return table


def _solved(wanted: Floats) -> Floats:
    """Log rates (n, 2) with these ratios, by Newton's method with a bounded step."""
    start = np.log(1.3) - 0.6 * wanted[:, 1]
    logs = np.stack([start + 0.3 * wanted[:, 0], start - 0.3 * wanted[:, 0]], axis=1)
    level = np.zeros(len(wanted))
    for _ in range(_MOST_STEPS):
        rates = np.exp(logs)
        probabilities = outcome_probabilities(rates, level)
        miss = _ratios(np.log(np.maximum(probabilities, 1e-300))) - wanted
        if np.abs(miss).max() < _TOLERANCE:
            return logs
        step = np.linalg.solve(_slopes(rates, probabilities), miss[:, :, None])[:, :, 0]
        logs -= np.clip(step, -0.5, 0.5)
    raise ModelError("The table of goal rates did not converge; this is a fault of the program.")


def _slopes(rates: Floats, probabilities: Floats) -> Floats:
    """Derivatives, (n, 2, 2), of the ratios by the log rates.

    One more expected goal of home moves the chance of each difference to the next higher.
    """
    less, level, more = (difference_probability(rates, d) for d in (-1, 0, 1))
    by_home = np.stack([level, less - level, -less], axis=1) / probabilities * rates[:, :1]
    by_away = np.stack([-more, more - level, level], axis=1) / probabilities * rates[:, 1:]
    return np.stack([_ratios(by_home), _ratios(by_away)], axis=2)
