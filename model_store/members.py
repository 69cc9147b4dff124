"""The three members of the stack, fitted on one thread so that the same data give the same bits."""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
import xgboost
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from model_store.filling import Fill, Filler, fit_fill
from model_store.network import Network, Perceptron, Scaler
from schemas.errors import ModelError

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_store.config import Boosting, Config, Neural

    Floats = npt.NDArray[np.float64]
    Outcomes = npt.NDArray[np.integer[Any]]

MEMBERS = ("xgboost", "lightgbm", "network")


@dataclasses.dataclass(frozen=True)
class Members:
    """Three fitted members: the native boosters, and the network as it is served.

    All see a vector whose gaps are filled by ``fill``.
    """

    fill: Fill
    xgboost: xgboost.Booster
    lightgbm: lightgbm.Booster
    network: Network

    def margins(self, team: Floats) -> Floats:
        """Native margins and logits, float64 (n, 9): three a member, in the order of `MEMBERS`."""
        team = Filler(self.fill)(team)
        narrow = narrowed(team)
        return np.concatenate(
            [
                self.xgboost.predict(xgboost.DMatrix(narrow, nthread=1), output_margin=True),
                self.lightgbm.predict(narrow, raw_score=True, num_threads=1),
                Perceptron(self.network)(team),
            ],
            axis=1,
            dtype=np.float64,
        )


def fit_members(
    team: Floats, outcome: Outcomes, weight: Floats, config: Config, *, seed: int
) -> Members:
    """Fit each member on float64 (n, k), int (n,) and float64 (n,).

    Raises:
        ModelError: When an outcome never happens in these rows.
    """
    if len(np.unique(outcome)) < 3:  # noqa: PLR2004 - home, draw, away
        raise ModelError(
            "Home wins, draws and away wins must all occur in every part of the history that "
            f"members are fitted on; one part of {len(outcome)} matches lacks one."
        )
    with threadpool_limits(limits=1):
        fill = fit_fill(team)
        team = Filler(fill)(team)
        return Members(
            fill,
            _fit_xgboost(team, outcome, weight, config.xgboost, seed),
            _fit_lightgbm(team, outcome, weight, config.lightgbm, seed),
            _fit_network(team, outcome, weight, config.network, seed),
        )


def narrowed(team: Floats) -> npt.NDArray[np.float32]:
    """Float32, as the trees see it in training and in serving alike."""
    return np.ascontiguousarray(team, dtype=np.float32)


def _fit_xgboost(
    team: Floats, outcome: Outcomes, weight: Floats, boosting: Boosting, seed: int
) -> xgboost.Booster:
    settings = {
        "objective": "multi:softprob",
        "num_class": 3,
        "eta": boosting.rate,
        "max_depth": boosting.depth,
        "min_child_weight": boosting.fewest_rows,
        "subsample": boosting.row_share,
        "colsample_bynode": boosting.column_share,
        "lambda": boosting.ridge,
        "tree_method": "hist",
        "nthread": 1,
        "seed": seed,
    }
    rows = xgboost.DMatrix(narrowed(team), label=outcome, weight=weight, nthread=1)
    return xgboost.train(settings, rows, boosting.rounds)


def _fit_lightgbm(
    team: Floats, outcome: Outcomes, weight: Floats, boosting: Boosting, seed: int
) -> lightgbm.Booster:
    settings = {
        "objective": "multiclass",
        "num_class": 3,
        "learning_rate": boosting.rate,
        "num_leaves": boosting.leaves,
        "max_depth": boosting.depth,
        "min_data_in_leaf": int(boosting.fewest_rows),
        "bagging_fraction": boosting.row_share,
        "bagging_freq": int(boosting.row_share < 1),
        "feature_fraction_bynode": boosting.column_share,
        "lambda_l2": boosting.ridge,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": 1,
        "seed": seed,
        "verbose": -1,
    }
    rows = lightgbm.Dataset(narrowed(team), label=outcome, weight=weight)
    return lightgbm.train(settings, rows, boosting.rounds)


def _fit_network(
    team: Floats, outcome: Outcomes, weight: Floats, neural: Neural, seed: int
) -> Network:
    if neural.seeds > 1 and len(neural.hidden) != 1:
        raise ModelError("Only networks of one hidden layer can be averaged over seeds.")
    scaler = Scaler.fitted(team)
    rows = scaler(team)
    fits = [
        _fit_one_network(rows, outcome, weight, neural, seed + extra)
        for extra in range(neural.seeds)
    ]
    weights, biases = _averaged(fits) if len(fits) > 1 else (fits[0].coefs_, fits[0].intercepts_)
    return Network(
        mean=scaler.mean.tolist(),
        inverse_scale=scaler.inverse_scale.tolist(),
        median=scaler.median.tolist(),
        weights=[layer.tolist() for layer in weights],
        biases=[layer.tolist() for layer in biases],
    )


def _fit_one_network(
    rows: Floats, outcome: Outcomes, weight: Floats, neural: Neural, seed: int
) -> MLPClassifier:
    classifier = MLPClassifier(
        hidden_layer_sizes=neural.hidden,
        alpha=neural.ridge,
        learning_rate_init=neural.rate,
        batch_size=min(neural.batch, len(rows)),
        max_iter=neural.epochs,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # A fixed number of epochs is a choice here, not a failure to converge.
        warnings.filterwarnings("ignore", message="Stochastic Optimizer: Maximum iterations")
        return classifier.fit(rows, outcome, sample_weight=weight)


def _averaged(fits: list[MLPClassifier]) -> tuple[list[Floats], list[Floats]]:
    """Networks of one hidden layer side by side in one, whose output is the mean of theirs."""
    weights = [
        np.concatenate([fit.coefs_[0] for fit in fits], axis=1),
        np.concatenate([fit.coefs_[1] for fit in fits], axis=0) / len(fits),
    ]
    biases = [
        np.concatenate([fit.intercepts_[0] for fit in fits]),
        np.mean([fit.intercepts_[1] for fit in fits], axis=0),
    ]
    return weights, biases
