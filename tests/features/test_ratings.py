from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from features import elo, rates

means = st.floats(0.05, 8.0)


@given(means, means)
def test_outcome_probabilities_sum_to_one_and_mirror(home: float, away: float) -> None:
    win, draw, loss = rates.outcome_probabilities(home, away)
    mirrored = rates.outcome_probabilities(away, home)

    assert win + draw + loss == pytest.approx(1.0)
    assert min(win, draw, loss) >= 0.0
    assert (loss, draw, win) == pytest.approx(mirrored)


def test_outcome_probabilities_are_those_of_two_poissons_with_low_scores_corrected() -> None:
    # Summed over the score table by hand (scipy.stats.poisson, tau of Dixon and Coles 1997).
    rho, home, away = rates.LOW_SCORES, 1.6, 1.1
    table = {
        (h, a): poisson.pmf(h, home) * poisson.pmf(a, away) for h in range(11) for a in range(11)
    }
    table[0, 0] *= 1 - home * away * rho
    table[0, 1] *= 1 + home * rho
    table[1, 0] *= 1 + away * rho
    table[1, 1] *= 1 - rho
    whole = sum(table.values())
    expected = [
        sum(p for (h, a), p in table.items() if (h > a) - (h < a) == sign) / whole
        for sign in (1, 0, -1)
    ]

    assert rates.outcome_probabilities(home, away) == pytest.approx(expected)


@given(st.floats(-1.5, 1.5), st.floats(-100, 100))
def test_a_rating_stays_within_its_limit(rating: float, surprise: float) -> None:
    assert -rates.LIMIT <= rates.stepped(rating, surprise) <= rates.LIMIT


@given(st.floats(-2000, 2000))
def test_the_two_sides_of_a_match_share_one_point(difference: float) -> None:
    assert elo.expectancy(difference) + elo.expectancy(-difference) == pytest.approx(1.0)


def test_four_hundred_elo_points_are_ten_to_one() -> None:
    assert elo.expectancy(400.0) == pytest.approx(10 / 11)


def test_a_bigger_win_gains_more_and_a_draw_of_equals_nothing() -> None:
    gains = [elo.gain(0.5, goals, 0) for goals in range(4)]

    assert gains[0] == 0.0
    assert gains == sorted(gains)
    assert gains[3] > gains[1]


def test_pi_ratings_rise_by_the_error_of_the_expected_goal_difference() -> None:
    # Constantinou and Fenton (2013): error 4 gives 3 log10(5) = 2.097 times the learning rate.
    home, away = elo.pi_steps(0.0, 0.0, 4)

    assert home == pytest.approx(2.0969 * elo.PI_LEARNING, abs=1e-5)
    assert away == -home
