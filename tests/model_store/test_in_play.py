from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_store.in_play import InPlay, Intensity
from model_store.rates import GoalRates
from model_store.skellam import outcome_probabilities

IN_PLAY = InPlay(Intensity())
LEVEL = np.zeros(1)
NO_REDS = np.zeros((1, 2))

# Forecasts as they occur: no side ten times likelier than football allows, draws in between.
usual = st.tuples(st.floats(-2.5, 2.5), st.floats(-0.8, 0.3)).map(lambda ratios: _forecast(*ratios))
minutes = st.integers(0, 95).map(float)


def _forecast(balance: float, level: float) -> np.ndarray:
    powers = np.exp([[balance / 2, level, -balance / 2]])
    return np.asarray(powers / powers.sum())


def _at(
    before: np.ndarray, minute: float, lead: float = 0.0, reds: tuple[float, float] = (0.0, 0.0)
) -> np.ndarray:
    return np.asarray(IN_PLAY(before, np.array([minute]), np.array([lead]), np.array([reds]))[0])


@given(before=usual)
def test_at_kick_off_nothing_has_changed(before: np.ndarray) -> None:
    assert np.abs(_at(before, 0) - before[0]).max() < 1e-4


@given(before=usual, minute=minutes)
def test_a_goal_always_helps_the_side_that_scores(before: np.ndarray, minute: float) -> None:
    behind, level, ahead = (_at(before, minute, lead) for lead in (-1.0, 0.0, 1.0))

    assert behind[0] < level[0] < ahead[0]
    assert behind[2] > level[2] > ahead[2]


@given(before=usual, minute=minutes)
def test_a_red_card_always_hurts_the_side_that_gets_it(before: np.ndarray, minute: float) -> None:
    even, short = _at(before, minute), _at(before, minute, reds=(1.0, 0.0))

    assert short[0] < even[0]
    assert short[2] > even[2]


@given(balance=st.floats(-2.5, 0), level=st.floats(-0.8, 0.3), minute=st.integers(0, 94))
def test_a_lead_of_no_favourite_is_worth_more_the_later_it_is(
    balance: float, level: float, minute: int
) -> None:
    before = _forecast(balance, level)

    earlier, later = _at(before, minute, 1.0), _at(before, minute + 1.0, 1.0)

    assert later[0] >= earlier[0]


@given(minute=minutes)
def test_goals_to_come_grow_fewer_and_never_none(minute: float) -> None:
    share = Intensity().share_left(np.array([minute, minute + 1]))

    assert share[0] >= share[1] > 0


def test_the_share_of_goals_of_the_second_half_is_the_measured_one() -> None:
    share = Intensity().share_left(np.array([0.0, 45.0]))

    assert share[0] == 1.0
    # 36,324 matches: 55.9 % of goals fall after half-time, stoppage time included.
    assert share[1] == pytest.approx(0.559, abs=0.005)


def test_equal_rates_give_the_probabilities_of_skellam() -> None:
    # P(D = 0) for rates μ, μ is exp(-2μ) I0(2μ); I0(2) = 2.2795853023360673 (DLMF 10.25).
    won, draw, lost = outcome_probabilities(np.ones((1, 2)), LEVEL)[0]

    assert draw == pytest.approx(math.exp(-2) * 2.2795853023360673, abs=1e-12)
    assert won == pytest.approx(lost, abs=1e-12)


def test_rates_are_those_that_give_the_forecast_back() -> None:
    wanted = np.array([[1.6, 1.1], [2.8, 0.6], [0.9, 0.9], [0.7, 2.2]])
    before = outcome_probabilities(wanted, np.zeros(4))

    rates = GoalRates()(before)

    np.testing.assert_allclose(rates, wanted, rtol=1e-3)
