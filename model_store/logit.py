"""Regularised multinomial logistic regression with weights that classes may share.

The conditional logit of McFadden 1974: row i gives outcome k the logit Σ_j design[i, k, j] θ_j.
An ordinary multinomial regression is the case in which every class has inputs of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_MOST_STEPS = 100
_STEP_TOLERANCE = 1e-10


def softmax(logits: Floats) -> Floats:
    """Probabilities, float64 (n, 3), each row for itself."""
    # The bare reductions of numpy cost half of what its methods do on a single row.
    powers = np.exp(logits - np.maximum.reduce(logits, axis=1, keepdims=True))
    powers /= np.add.reduce(powers, axis=1, keepdims=True)
    return powers


def fit_logit(
    design: Floats, outcome: npt.NDArray[np.integer[Any]], *, prior: Floats, ridge: Floats
) -> Floats:
    """Weights θ, float64 (p,), that minimise the log-loss plus ½ Σ ridge (θ - prior)².

    *design* is float64 (n, 3, p), *outcome* int (n,), *prior* and *ridge* float64 (p,). Without
    rows the answer is the prior. Newton's method: the objective is strictly convex.
    """
    weights = prior.copy()
    happened = np.eye(3)[outcome]

    def cost(theta: Floats) -> float:
        logits = design @ theta
        top = logits.max(axis=1)
        norm = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        misfit = (norm - (logits * happened).sum(axis=1)).sum()
        return float(misfit + 0.5 * (ridge * (theta - prior) ** 2).sum())

    now = cost(weights)
    for _ in range(_MOST_STEPS):
        step = _newton_step(design, happened, weights, prior, ridge)
        # Far from the optimum a full step may overshoot: halve it until it helps.
        while (then := cost(weights - step)) > now and np.abs(step).max() > _STEP_TOLERANCE:
            step = step / 2
        if then > now or np.abs(step).max() <= _STEP_TOLERANCE:
            break
        weights, now = weights - step, then
    return weights


def _newton_step(
    design: Floats, happened: Floats, weights: Floats, prior: Floats, ridge: Floats
) -> Floats:
    given = softmax(design @ weights)
    slope = np.einsum("nkp,nk->p", design, given - happened) + ridge * (weights - prior)
    mean = np.einsum("nkp,nk->np", design, given)
    curve = np.einsum("nkp,nk,nkq->pq", design, given, design, optimize=True) - mean.T @ mean
    step: Floats = np.linalg.solve(curve + np.diag(ridge), slope)
    return step
