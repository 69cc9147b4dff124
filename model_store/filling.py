"""What is missing of a vector is filled with what the rest of it leads to expect.

A rating by past odds, or shots, are told for some seasons and feeds only. A member that merely
knows that they are missing learns them from few rows; with the linear expectation in their place
(Buck 1960, "A method of estimation of missing values in multivariate data") it learns from all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from model_store.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.int64]

_MOSTLY_KNOWN = 0.95
_FEWEST_KNOWN = 0.02
_RIDGE = 50.0


class Fill(msgspec.Struct, frozen=True):
    """``columns`` expected from ``base``: ``constant + (base - mean) · inverse_scale @ weights``.

    A base column that is missing itself counts as its ``median``. ``weights`` is (base, columns).
    """

    base: list[int] = []
    median: list[float] = []
    mean: list[float] = []
    inverse_scale: list[float] = []
    columns: list[int] = []
    constant: list[float] = []
    weights: list[list[float]] = []


class Filler:
    """Fills float64 (n, k); what it gives a row does not depend on the others."""

    def __init__(self, fill: Fill) -> None:
        self._base = np.array(fill.base, dtype=np.int64)
        self._median = np.array(fill.median)
        self._mean, self._inverse_scale = np.array(fill.mean), np.array(fill.inverse_scale)
        self._columns = np.array(fill.columns, dtype=np.int64)
        self._constant, self._weights = np.array(fill.constant), np.array(fill.weights)

    def __call__(self, team: Floats) -> Floats:
        """The rows with every column that can be expected; the same array if none is missing."""
        if not len(self._columns) or not _is_missing(team, self._columns):
            return team
        filled = team.copy()
        base = self._base, self._median, self._mean, self._inverse_scale
        _fill_rows(filled, *base, self._columns, self._constant, self._weights)
        return filled


@compiled
def _is_missing(team: Floats, columns: Places) -> bool:
    for row in range(len(team)):
        for column in columns:
            if np.isnan(team[row, column]):
                return True
    return False


@compiled
def _fill_rows(
    team: Floats,
    base: Places,
    median: Floats,
    mean: Floats,
    inverse_scale: Floats,
    columns: Places,
    constant: Floats,
    weights: Floats,
) -> None:
    known = np.empty(len(base))
    for row in range(len(team)):
        for place in range(len(base)):
            value = team[row, base[place]]
            value = median[place] if np.isnan(value) else value
            known[place] = (value - mean[place]) * inverse_scale[place]
        for target in range(len(columns)):
            if np.isnan(team[row, columns[target]]):
                expected = 0.0
                for place in range(len(base)):
                    expected += known[place] * weights[place, target]
                team[row, columns[target]] = expected + constant[target]


def fit_fill(team: Floats) -> Fill:
    """Regress each column that is missing in a twentieth of the rows (n, k) on those that are not.

    With a ridge (Hoerl & Kennard 1970). A column that is hardly ever known stays missing.
    """
    known = np.isfinite(team)
    share = known.mean(axis=0)
    base = np.flatnonzero(share >= _MOSTLY_KNOWN)
    columns = np.flatnonzero((share < _MOSTLY_KNOWN) & (share >= _FEWEST_KNOWN))
    if not len(base) or not len(columns):
        return Fill()
    median = np.nanmedian(team[:, base], axis=0)
    inputs = np.where(known[:, base], team[:, base], median)
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0)
    inverse_scale = (spread > 0) / np.where(spread > 0, spread, 1.0)
    inputs = (inputs - mean) * inverse_scale
    fits = [_regressed(inputs[known[:, c]], team[known[:, c], c]) for c in columns]
    return Fill(
        base=base.tolist(),
        median=median.tolist(),
        mean=mean.tolist(),
        inverse_scale=inverse_scale.tolist(),
        columns=columns.tolist(),
        constant=[constant for constant, _ in fits],
        weights=np.stack([weights for _, weights in fits], axis=1).tolist(),
    )


def _regressed(inputs: Floats, wanted: Floats) -> tuple[float, Floats]:
    """Constant and weights of *wanted* (n,) by *inputs* (n, b)."""
    centre, level = inputs.mean(axis=0), float(wanted.mean())
    moved = inputs - centre
    square = moved.T @ moved + _RIDGE * np.eye(inputs.shape[1])
    weights = np.linalg.solve(square, moved.T @ (wanted - level))
    return level - float(centre @ weights), weights
