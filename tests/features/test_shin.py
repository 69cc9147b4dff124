from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.shin import shin

prices = st.floats(min_value=1.0000001, max_value=10_000.0)


@given(prices, prices, prices)
def test_probabilities_are_positive_and_sum_to_one(home: float, draw: float, away: float) -> None:
    found = shin(home, draw, away)

    assert sum(found) == pytest.approx(1.0, abs=1e-12)
    assert all(0.0 < chance < 1.0 for chance in found)


@given(prices, prices, prices)
def test_a_lower_price_is_never_less_likely(home: float, draw: float, away: float) -> None:
    found = sorted(zip((home, draw, away), shin(home, draw, away), strict=True))

    assert found[0][1] >= found[1][1] - 1e-15
    assert found[1][1] >= found[2][1] - 1e-15


@given(prices, prices, prices)
def test_without_a_margin_probabilities_are_in_proportion(
    home: float, draw: float, away: float
) -> None:
    total = 1.0 / home + 1.0 / draw + 1.0 / away
    fair = (home * total, draw * total, away * total)

    found = shin(*fair)

    assert found == pytest.approx([1.0 / price for price in fair], rel=1e-6)


@given(
    st.tuples(prices, prices, prices).filter(lambda three: sum(1.0 / price for price in three) > 1)
)
def test_the_longest_price_loses_more_than_in_proportion(
    three: tuple[float, float, float],
) -> None:
    total = sum(1.0 / price for price in three)
    longest = max(range(3), key=three.__getitem__)

    found = shin(*three)

    assert found[longest] <= 1.0 / three[longest] / total + 1e-12


def test_the_probabilities_solve_shins_equation() -> None:
    # By the definition: prices of a bookmaker who reckons with a share z of insiders are
    # 1 / sqrt(z p + (1-z) p^2) up to one factor (Shin 1993, eq. 12); z = .03.
    z, chances = 0.03, (0.6, 0.25, 0.15)
    weights = [(z * p + (1 - z) * p * p) ** 0.5 for p in chances]
    three = [1.0 / (weight * sum(weights)) for weight in weights]

    found = shin(*three)

    assert found == pytest.approx(chances, abs=1e-9)


def test_prices_that_give_money_away_are_scaled_in_proportion() -> None:
    assert shin(4.0, 4.0, 4.0) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert shin(2.5, 5.0, 5.0) == pytest.approx((0.5, 0.25, 0.25))
