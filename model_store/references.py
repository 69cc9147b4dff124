"""Forecasters that the stack is measured beside: Elo alone, and online Dixon-Coles as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_store.logit import fit_logit, softmax

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_store.training_set import TrainingSet

    Floats = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

_ELO = "elo_difference"
_DIXON_COLES = ("poisson_home", "poisson_draw", "poisson_away")
_ELO_POINTS = 400.0
_RIDGE = 1.0


def dixon_coles(rows: TrainingSet) -> Floats:
    """The probabilities (n, 3) of the online goal rates, NaN where a column is missing."""
    if not set(_DIXON_COLES) <= set(rows.feature_names):
        return np.full((len(rows), 3), np.nan)
    columns = [rows.feature_names.index(name) for name in _DIXON_COLES]
    made = np.maximum(rows.team[:, columns], 1e-6)
    probabilities: Floats = made / made.sum(axis=1, keepdims=True)
    return probabilities


def elo(rows: TrainingSet, past: Mask, wanted: Mask) -> Floats:
    """Probabilities (m, 3) of the *wanted* rows by a logit of the Elo difference in *past*.

    NaN where the column is missing.
    """
    if _ELO not in rows.feature_names:
        return np.full((int(wanted.sum()), 3), np.nan)
    difference = rows.team[:, rows.feature_names.index(_ELO)] / _ELO_POINTS
    difference = np.where(np.isfinite(difference), difference, 0.0)
    # A slope and a constant each for home and for away, beside the draw.
    design = np.zeros((len(rows), 3, 4))
    design[:, 0, 0] = design[:, 2, 1] = difference
    design[:, 0, 2] = design[:, 2, 3] = 1.0
    theta = fit_logit(design[past], rows.outcome[past], prior=np.zeros(4), ridge=np.full(4, _RIDGE))
    return softmax(design[wanted] @ theta)
