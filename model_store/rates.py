"""Goal rates that give back a forecast, by interpolation in a table made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_store.skellam import difference_probability, outcome_probabilities
from schemas.errors import ModelError

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# Edges and steps of the table: log(home / away), and log(draw / √(home · away)).
_BALANCE, _LEVEL = (-6.0, 6.0), (-1.0, 1.5)
_STEP = 0.05
_MOST_STEPS = 60
_TOLERANCE = 1e-9


class GoalRates:
    """Expected goals of home and away whose Poisson difference has the given probabilities.

    The two ratios of three probabilities fix the two rates. The table holds their logarithms;
    interpolation gives the probabilities back to about 1e-4. Forecasts outside the table (a side
    400 times likelier, or fewer draws than nine goals a match would leave) take its edge.
    """

    def __init__(self) -> None:
        self._width = round((_LEVEL[1] - _LEVEL[0]) / _STEP) + 1
        height = round((_BALANCE[1] - _BALANCE[0]) / _STEP) + 1
        balance = np.linspace(*_BALANCE, height)
        level = np.linspace(*_LEVEL, self._width)
        grid = np.meshgrid(balance, level, indexing="ij")
        self._table = _solved(np.stack([part.ravel() for part in grid], axis=1))
        self._reach = np.array([height - 1.0, self._width - 1.0]) * (1 - 1e-12)

    def __call__(self, probabilities: Floats) -> Floats:
        """Rates, float64 (n, 2), of probabilities (n, 3), none of them 0."""
        ratios = _ratios(np.log(probabilities))
        place = (ratios - (_BALANCE[0], _LEVEL[0])) / _STEP
        place = np.minimum(np.maximum(place, 0.0), self._reach)
        whole = place.astype(np.int64)
        part = place - whole
        corner = whole[:, 0] * self._width + whole[:, 1]
        down, right = part[:, :1], part[:, 1:]
        upper = self._table[corner] * (1 - right) + self._table[corner + 1] * right
        corner += self._width
        lower = self._table[corner] * (1 - right) + self._table[corner + 1] * right
        rates: Floats = np.exp(upper * (1 - down) + lower * down)
        return rates


def _ratios(logs: Floats) -> Floats:
    """The two log-ratios, (n, 2), of log-probabilities (n, 3)."""
    home, draw, away = logs[:, 0], logs[:, 1], logs[:, 2]
    return np.stack([home - away, draw - 0.5 * (home + away)], axis=1)


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
