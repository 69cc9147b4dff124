from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from model_store.config import DEFAULT, SEED, Neural
from model_store.evaluate import log_loss
from model_store.logit import fit_logit, softmax
from model_store.members import _fit_network, _fit_one_network
from model_store.network import Perceptron, Scaler
from model_store.stacking import Pool, fit_pool, fit_stack, pooled, stack_logits

RNG_SEED = 5


@pytest.fixture
def margins() -> np.ndarray:
    return np.random.default_rng(RNG_SEED).normal(size=(400, 9))


@pytest.fixture
def outcome(margins: np.ndarray) -> np.ndarray:
    """Drawn from what the first member says."""
    rng = np.random.default_rng(RNG_SEED + 1)
    below = rng.random((400, 1)) > softmax(margins[:, :3]).cumsum(axis=1)
    return np.asarray(below.sum(axis=1).clip(0, 2))


def test_our_regression_agrees_with_that_of_scikit_learn(outcome: np.ndarray) -> None:
    inputs = np.random.default_rng(2).normal(size=(400, 4)) + outcome[:, None]
    design = np.einsum("nj,kl->nkjl", inputs, np.eye(3)).reshape(400, 3, 12)

    ours = fit_logit(design, outcome, prior=np.zeros(12), ridge=np.full(12, 2.0))

    theirs = LogisticRegression(C=0.5, fit_intercept=False, tol=1e-10, max_iter=2000)
    theirs.fit(inputs, outcome)
    np.testing.assert_allclose(ours.reshape(4, 3).T, theirs.coef_, atol=1e-5)


@pytest.mark.parametrize("config", [DEFAULT, SEED])
def test_without_history_a_stack_is_the_mean_of_its_members(
    config: object, margins: np.ndarray
) -> None:
    stack = fit_stack(margins[:0], np.empty(0, dtype=np.int64), config)  # type: ignore[arg-type]

    mean = softmax(margins.reshape(-1, 3, 3).mean(axis=1))
    np.testing.assert_allclose(softmax(stack_logits(stack, margins)), mean, atol=1e-12)


@pytest.mark.parametrize("config", [DEFAULT, SEED])
def test_a_stack_learns_which_member_to_trust(
    config: object, margins: np.ndarray, outcome: np.ndarray
) -> None:
    stack = fit_stack(margins, outcome, config)  # type: ignore[arg-type]

    own = [np.array(stack.weights)[3 * member, 0] for member in range(3)]
    assert own[0] > 2 * max(own[1], own[2])


@pytest.mark.parametrize("config", [DEFAULT, SEED])
def test_members_that_are_far_too_sure_of_themselves_are_held_back(
    config: object, margins: np.ndarray, outcome: np.ndarray
) -> None:
    # As an overfitted forest is: log-odds of 20 and more, hardly better than guessing.
    sure = 12 * margins

    stack = fit_stack(sure, outcome, config)  # type: ignore[arg-type]

    assert log_loss(softmax(stack_logits(stack, sure)), outcome) < np.log(3)


def test_without_history_a_pool_is_the_market(margins: np.ndarray) -> None:
    market = np.full((400, 3), np.nan)

    pool = fit_pool(margins[:, :3], market, np.zeros(400, dtype=np.int64))

    assert pool == Pool(stack=0.0, market=1.0, bias=[0.0, 0.0, 0.0])


def test_a_pool_leaves_a_match_without_prices_to_the_stack(margins: np.ndarray) -> None:
    market = softmax(margins[:, 3:6])
    market[::2] = np.nan
    logits = margins[:, :3]

    made = pooled(Pool(stack=0.0, market=1.0, bias=[0.0, 0.0, 0.0]), logits, market)

    np.testing.assert_allclose(made[::2], softmax(logits[::2]))
    np.testing.assert_allclose(made[1::2], market[1::2])


def _team(outcome: np.ndarray) -> np.ndarray:
    team = np.random.default_rng(3).normal(size=(400, 6)) + outcome[:, None]
    team[::7, 2] = np.nan
    team[:, 4] = 3.0
    team[:, 5] = np.nan
    return np.asarray(team)


def test_the_served_network_is_the_one_scikit_learn_fitted(outcome: np.ndarray) -> None:
    team, neural = _team(outcome), Neural(hidden=(8, 5), epochs=5, ridge=1e-3)

    served = Perceptron(_fit_network(team, outcome, np.ones(400), neural, 1))

    rows = Scaler.fitted(team)(team)
    native = _fit_one_network(rows, outcome, np.ones(400), neural, 1).predict_proba(rows)
    np.testing.assert_allclose(softmax(served(team)), native, atol=1e-12)


def test_averaged_networks_give_the_mean_of_their_logits(outcome: np.ndarray) -> None:
    team = _team(outcome)
    alone = [
        Perceptron(
            _fit_network(
                team, outcome, np.ones(400), Neural(hidden=(4,), epochs=3, ridge=1.0), seed
            )
        )
        for seed in (1, 2)
    ]

    together = Perceptron(
        _fit_network(
            team, outcome, np.ones(400), Neural(hidden=(4,), epochs=3, ridge=1.0, seeds=2), 1
        )
    )

    mean = (alone[0](team) + alone[1](team)) / 2
    np.testing.assert_allclose(together(team), mean, atol=1e-12)


def test_a_missing_value_counts_as_the_median_and_an_empty_column_as_nothing() -> None:
    rows = np.array([[1.0, np.nan, 5.0], [2.0, np.nan, 5.0], [9.0, np.nan, 5.0]])
    scaler = Scaler.fitted(rows)

    missing, median = scaler(np.array([[np.nan, np.nan, np.nan], [2.0, 8.0, 7.0]]))

    np.testing.assert_allclose(missing, median)
    assert missing[1:].tolist() == [0.0, 0.0]
