from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_store.calibration import bins
from model_store.evaluate import (
    accuracy,
    bootstrap,
    brier,
    calibration_error,
    log_loss,
    rps,
    scores,
)

HOME, DRAW, AWAY = 0, 1, 2


def test_rps_is_that_of_the_worked_examples_of_constantinou_and_fenton() -> None:
    # Their first two matches, forecasts α and β of each; the home team won both.
    forecasts = np.array([[1.0, 0, 0], [0.9, 0.1, 0], [0.8, 0.1, 0.1], [0.5, 0.25, 0.25]])
    outcome = np.array([HOME] * 4)

    each = [rps(forecasts[i : i + 1], outcome[i : i + 1]) for i in range(4)]

    assert each == pytest.approx([0.0, 0.005, 0.025, 0.15625])


def test_rps_punishes_the_far_outcome_more_than_the_near_one() -> None:
    sure_of_home = np.array([[1.0, 0.0, 0.0]])

    assert rps(sure_of_home, np.array([DRAW])) == 0.5
    assert rps(sure_of_home, np.array([AWAY])) == 1.0


def test_knowing_nothing_costs_the_logarithm_of_three() -> None:
    flat = np.full((4, 3), 1 / 3)
    outcome = np.array([HOME, DRAW, AWAY, HOME])

    assert log_loss(flat, outcome) == pytest.approx(math.log(3))
    assert brier(flat, outcome) == pytest.approx(2 / 3)
    assert accuracy(flat, outcome) == 0.5


def test_forecasts_that_come_true_as_often_as_they_say_are_calibrated() -> None:
    forecasts = np.tile([[0.5, 0.25, 0.25]], (4, 1))

    assert calibration_error(forecasts, np.array([HOME, HOME, DRAW, AWAY])) == pytest.approx(0)
    assert calibration_error(forecasts, np.array([HOME] * 4)) == pytest.approx(1 / 3)


@given(st.integers(0, 2**32 - 1))
def test_a_bootstrap_interval_holds_the_mean_and_is_the_same_for_the_same_seed(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(50, 2))

    first, second = (bootstrap(values, seed=seed, draws=200) for _ in range(2))

    assert first == second
    assert all(one.low < one.value < one.high for one in first)


def test_an_interval_narrows_as_matches_are_added() -> None:
    values = np.random.default_rng(0).normal(size=(1600, 1))

    few, many = (bootstrap(values[:rows])[0] for rows in (100, 1600))

    assert few.high - few.low > 3 * (many.high - many.low)


def test_scores_agree_with_the_single_measures() -> None:
    rng = np.random.default_rng(1)
    forecasts, outcome = rng.dirichlet([4, 3, 3], 80), rng.integers(0, 3, 80)

    of = scores(forecasts, outcome, draws=50)

    assert (of.rows, of.brier) == (80, brier(forecasts, outcome))
    assert of.log_loss.value == pytest.approx(log_loss(forecasts, outcome))
    assert of.rps.value == pytest.approx(rps(forecasts, outcome))
    assert of.accuracy.value == accuracy(forecasts, outcome)


def test_what_is_given_a_chance_happens_as_often_bin_by_bin() -> None:
    rng = np.random.default_rng(4)
    made = rng.dirichlet((3.0, 2.0, 2.0), size=50_000)
    outcome = (rng.random((len(made), 1)) > made.cumsum(axis=1)).sum(axis=1).clip(0, 2)

    found = bins(made, outcome)

    assert sum(one.n for one in found) == 3 * len(made)
    assert all(one.low <= one.mean_forecast < one.high for one in found)
    large = [one for one in found if one.n > 1000]
    assert max(abs(one.frequency - one.mean_forecast) for one in large) < 0.03


def test_a_certain_forecast_lies_in_the_last_bin_and_empty_bins_are_left_out() -> None:
    found = bins(np.array([[1.0, 0.0, 0.0]]), np.array([0]))

    assert [(one.outcome, one.low, one.n, one.frequency) for one in found] == [
        ("home", 0.9, 1, 1.0),
        ("draw", 0.0, 1, 0.0),
        ("away", 0.0, 1, 0.0),
    ]
