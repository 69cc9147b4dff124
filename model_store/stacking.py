"""How the members are combined with one another, and the stack with the market."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from model_store.logit import fit_logit, softmax
from model_store.network import row_product

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_store.config import Config

    Floats = npt.NDArray[np.float64]
    Outcomes = npt.NDArray[np.integer[Any]]

_CENTRE = np.eye(3) - 1 / 3


class Stack(msgspec.Struct, frozen=True):
    """Logits of the stack are ``margins (n, 9) @ weights (9, 3) + bias (3,)``."""

    weights: list[list[float]]
    bias: list[float]


class Pool(msgspec.Struct, frozen=True):
    """A log-pool: p ∝ exp(bias) · stack^stack · market^market (Genest & Zidek 1986)."""

    stack: float
    market: float
    bias: list[float]

    def row(self) -> list[float]:
        """The five numbers of a pool, as the served model tabulates them by market phase."""
        return [self.stack, self.market, *self.bias]


NO_MARKET = Pool(stack=1.0, market=0.0, bias=[0.0, 0.0, 0.0])


def fit_stack(margins: Floats, outcome: Outcomes, config: Config) -> Stack:
    """Fit the meta model on out-of-fold margins (n, 9): a ridge towards the members' mean.

    The inputs are log-probabilities less their mean over the outcomes, which for a softmax are
    the margins less theirs. With one weight a member there is no bias: how often home wins differs
    from season to season, and chasing that cost .001 of log-loss out of fold.
    """
    centred = (margins.reshape(-1, 3, 3) @ _CENTRE).reshape(-1, 9)
    own = config.meta == "weights"
    design = centred.reshape(-1, 3, 3).transpose(0, 2, 1) if own else _full_design(centred)
    prior = np.full(3, 1 / 3) if own else np.zeros(30)
    if not own:
        prior[:27].reshape(9, 3)[:] = np.tile(np.eye(3), (3, 1)) / 3
    theta = fit_logit(design, outcome, prior=prior, ridge=np.full(len(prior), config.meta_ridge))
    weights = np.kron(theta[:3, None], np.eye(3)) if own else theta[:27].reshape(9, 3)
    bias = np.zeros(3) if own else theta[-3:]
    # Centring is linear, so it is folded into the weights here instead of being done per row.
    folded = np.kron(np.eye(3), _CENTRE) @ weights
    return Stack(weights=folded.tolist(), bias=(bias - bias.mean()).tolist())


def stack_logits(stack: Stack, margins: Floats) -> Floats:
    """Logits, float64 (n, 3), of member margins (n, 9)."""
    logits: Floats = row_product(margins, np.array(stack.weights)) + np.array(stack.bias)
    return logits


def fit_pool(logits: Floats, market: Floats, outcome: Outcomes, *, ridge: float = 100.0) -> Pool:
    """Fit a log-pool of stack logits (n, 3) and market (n, 3) where the market is known.

    The ridge pulls towards the market alone, which is the better of the two.
    """
    known = np.isfinite(market).all(axis=1)
    design = np.concatenate(
        [
            np.stack([logits[known], np.log(market[known])], axis=2),
            np.broadcast_to(np.eye(3), (int(known.sum()), 3, 3)),
        ],
        axis=2,
    )
    prior = np.array([0.0, 1.0, 0.0, 0.0, 0.0])
    strength = np.array([ridge, ridge, 10 * ridge, 10 * ridge, 10 * ridge])
    theta = fit_logit(design, outcome[known], prior=prior, ridge=strength)
    return Pool(float(theta[0]), float(theta[1]), (theta[2:] - theta[2:].mean()).tolist())


def pooled(pool: Pool, logits: Floats, market: Floats) -> Floats:
    """Probabilities (n, 3) by *pool* where the market is known, elsewhere the stack's own."""
    known = np.isfinite(market).all(axis=1, keepdims=True)
    prices = np.log(np.where(known, market, 1.0))
    return softmax(
        np.where(known, pool.stack * logits + pool.market * prices + np.array(pool.bias), logits)
    )


def _full_design(centred: Floats) -> Floats:
    """A weight for each input and outcome, and a bias: (n, 3, 30)."""
    rows = len(centred)
    inputs = np.einsum("nj,kl->nkjl", centred, np.eye(3)).reshape(rows, 3, 27)
    return np.concatenate([inputs, np.broadcast_to(np.eye(3), (rows, 3, 3))], axis=2)
