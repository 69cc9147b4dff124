"""Gaps are filled with what the rest of the row leads to expect, each row for itself."""

from __future__ import annotations

import numpy as np
import pytest

from model_store.filling import Fill, Filler, fit_fill


def _rows(missing: float, rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Four columns, of which the third is 2·first - second + 5; and the same with gaps in it."""
    rng = np.random.default_rng(3)
    whole = rng.normal(size=(rows, 4))
    whole[:, 2] = 2 * whole[:, 0] - whole[:, 1] + 5
    team = whole.copy()
    team[rng.random(rows) < missing, 2] = np.nan
    return whole, team


def test_a_column_that_follows_from_the_others_comes_back() -> None:
    whole, team = _rows(missing=0.5, rows=20_000)

    filled = Filler(fit_fill(team))(team)

    assert np.abs(filled - whole).max() < 0.1


def test_what_is_known_is_left_alone_to_the_bit() -> None:
    _, team = _rows(missing=0.5)
    known = np.isfinite(team)

    filled = Filler(fit_fill(team))(team)

    assert (filled[known] == team[known]).all()
    assert np.isfinite(filled).all()


@pytest.mark.parametrize("count", [1, 2, 7, 64])
def test_a_row_is_filled_alike_whatever_is_beside_it(count: int) -> None:
    _, team = _rows(missing=0.5)
    fill = Filler(fit_fill(team))

    together = fill(team)

    for start in range(0, len(team) - count, count):
        part = fill(team[start : start + count])
        assert part.tobytes() == together[start : start + count].tobytes()


def test_a_gap_among_what_it_is_expected_from_counts_as_the_median() -> None:
    _, team = _rows(missing=0.5)
    fill = fit_fill(team)
    row, usual = np.full((1, 4), np.nan), np.full((1, 4), np.nan)
    usual[0, fill.base] = fill.median

    filled = [Filler(fill)(one)[0, 2] for one in (row, usual)]

    assert filled[0] == filled[1]


@pytest.mark.parametrize("missing", [0.0, 0.03, 1.0])
def test_a_column_that_is_nearly_always_or_never_known_is_not_filled(missing: float) -> None:
    _, team = _rows(missing)

    assert fit_fill(team) == Fill()
