from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_store.in_play import Intensity, conditioned, course_of
from model_store.rates import log_rates, log_weights, solved_table
from model_store.score_lines import NAMES, read_off
from model_store.skellam import outcome_probabilities

COURSE = course_of(Intensity())
LOG_GOALS = np.log([2.7])

# Forecasts as they occur: no side ten times likelier than football allows, draws in between.
usual = st.tuples(st.floats(-2.5, 2.5), st.floats(-0.8, 0.3)).map(lambda ratios: _forecast(*ratios))
minutes = st.integers(0, 95).map(float)


def _forecast(balance: float, level: float) -> np.ndarray:
    powers = np.exp([[balance / 2, level, -balance / 2]])
    return np.asarray(powers / powers.sum())


def _at(
    before: np.ndarray, minute: float, lead: int = 0, reds: tuple[int, int] = (0, 0)
) -> np.ndarray:
    logs = log_rates(before, LOG_GOALS, solved_table())
    weights = log_weights(before, logs)
    score = np.array([[max(lead, 0), max(-lead, 0)]])
    made = conditioned(
        COURSE, logs, weights, np.array([minute], dtype=float), score, np.array([reds])
    )
    return np.asarray(made[0])


# Compiled now: hypothesis times the first example too.
_at(_forecast(0.0, 0.0), 0)
read_off((1.0, 1.0), (0, 0), (0.0, 0.0, 0.0), np.empty(7))


@given(before=usual)
def test_at_kick_off_nothing_has_changed(before: np.ndarray) -> None:
    assert np.abs(_at(before, 0)[:3] - before[0]).max() < 1e-12


@given(before=usual, minute=minutes)
def test_a_goal_always_helps_the_side_that_scores(before: np.ndarray, minute: float) -> None:
    behind, level, ahead = (_at(before, minute, lead) for lead in (-1, 0, 1))

    assert behind[0] < level[0] < ahead[0]
    assert behind[2] > level[2] > ahead[2]


@given(before=usual, minute=minutes)
def test_a_red_card_always_hurts_the_side_that_gets_it(before: np.ndarray, minute: float) -> None:
    even, short = _at(before, minute), _at(before, minute, reds=(1, 0))

    assert short[0] < even[0]
    assert short[2] > even[2]


@given(balance=st.floats(-2.5, 0), level=st.floats(-0.8, 0.3), minute=st.integers(0, 94))
def test_a_lead_of_no_favourite_is_worth_more_the_later_it_is(
    balance: float, level: float, minute: int
) -> None:
    before = _forecast(balance, level)

    earlier, later = _at(before, minute, 1), _at(before, minute + 1.0, 1)

    assert later[0] >= earlier[0]


def test_goals_to_come_grow_fewer_and_never_none() -> None:
    left = Intensity().shares_left()

    assert (np.diff(left) <= 0).all()
    assert left.min() > 0


def test_the_share_of_goals_of_the_second_half_is_the_measured_one() -> None:
    left = Intensity().shares_left()

    assert left[0] == 1.0
    # 36,324 matches: 55.9 % of goals fall after half-time, stoppage time included.
    assert left[45] == pytest.approx(0.559, abs=0.005)


def test_equal_rates_give_the_probabilities_of_skellam() -> None:
    # P(D = 0) for rates μ, μ is exp(-2μ) I0(2μ); I0(2) = 2.2795853023360673 (DLMF 10.25).
    won, draw, lost = outcome_probabilities(1.0, 1.0)

    assert draw == pytest.approx(math.exp(-2) * 2.2795853023360673, abs=1e-12)
    assert won == pytest.approx(lost, abs=1e-12)


def test_rates_are_those_that_give_the_forecast_back() -> None:
    wanted = np.array([[1.6, 1.1], [2.8, 0.6], [0.9, 0.9], [0.7, 2.2]])
    before = np.array([outcome_probabilities(home, away) for home, away in wanted])

    rates = np.exp(log_rates(before, np.log(wanted.sum(axis=1)), solved_table()))

    np.testing.assert_allclose(rates, wanted, rtol=1e-3)


scores = st.tuples(st.integers(0, 4), st.integers(0, 4))
rates = st.tuples(st.floats(0.01, 4.0), st.floats(0.01, 4.0))


@given(rates=rates, score=scores, before=usual)
def test_everything_read_off_the_table_of_scores_is_what_its_cells_add_up_to(
    rates: tuple[float, float], score: tuple[int, int], before: np.ndarray
) -> None:
    table = _table(rates, score, before[0])

    home, draw, away = np.log(before[0])
    made = np.empty(7)
    read_off(rates, score, (home, draw, away), made)

    assert dict(zip(NAMES, made, strict=True)) == pytest.approx(table, abs=1e-4)


def _table(
    rates: tuple[float, float], score: tuple[int, int], weights: np.ndarray
) -> dict[str, float]:
    """The same from all 40 x 40 scores, one by one."""
    chances = [[math.exp(-r) * r**k / math.factorial(k) for k in range(40)] for r in rates]
    home, away = np.meshgrid(*(np.arange(40) + goals for goals in score), indexing="ij")
    cells = np.array(chances[0])[:, None] * np.array(chances[1]) * weights[1 - np.sign(home - away)]
    cells /= cells.sum()
    read = {
        "home": home > away,
        "draw": home == away,
        "away": home < away,
        "goals_home": home,
        "goals_away": away,
        "over_2_5": home + away > 2,
        "both_score": (home > 0) & (away > 0),
    }
    return {name: float((cells * what).sum()) for name, what in read.items()}


@given(before=usual, minute=minutes, lead=st.integers(-3, 3))
def test_expected_goals_are_never_fewer_than_those_scored(
    before: np.ndarray, minute: float, lead: int
) -> None:
    made = dict(zip(NAMES, _at(before, minute, lead), strict=True))

    assert made["goals_home"] > max(lead, 0)
    assert made["goals_away"] > max(-lead, 0)
