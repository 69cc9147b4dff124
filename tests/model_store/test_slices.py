from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from model_store import ModelStore
from model_store.evaluate import calibration_slope, log_losses, paired

if TYPE_CHECKING:
    from pathlib import Path


def _drawn(chances: np.ndarray, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.asarray((rng.random((len(chances), 1)) > chances.cumsum(axis=1)).sum(axis=1))


def _chances(rows: int = 40_000) -> np.ndarray:
    powers = np.exp(np.random.default_rng(1).normal(size=(rows, 3)))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_slope_tells_how_much_too_sure_forecasts_are(power: float) -> None:
    true = _chances()
    said = true**power / (true**power).sum(axis=1, keepdims=True)

    slope = calibration_slope(said, _drawn(true))

    assert slope == pytest.approx(1 / power, rel=0.05)


def test_a_paired_difference_is_of_the_same_matches_and_has_its_sign() -> None:
    true = _chances(2000)
    outcome, vague = _drawn(true), np.full((2000, 3), 1 / 3)

    better, worse = paired(true, vague, outcome), paired(vague, true, outcome)

    assert better.value == pytest.approx(
        log_losses(true, outcome).mean() - log_losses(vague, outcome).mean()
    )
    assert better.high < 0 < worse.low


def test_every_way_of_cutting_the_matches_leaves_none_out(store: Path) -> None:
    metrics = ModelStore(store).show("default").metrics
    held_out = metrics.forecasters["stack"].rows

    by_season, by_league = (
        sum(of.rows for of in metrics.slices if (of.by, of.forecaster) == (by, "stack"))
        for by in ("season", "league")
    )

    assert by_season == by_league == held_out


def test_play_is_measured_by_the_minute_and_the_later_the_surer(store: Path) -> None:
    slices = ModelStore(store).show("default").metrics.slices

    losses = {of.part: of.log_loss.value for of in slices if (of.by, of.forecaster)[0] == "minute"}

    assert list(losses) == ["15'", "30'", "45'", "60'", "75'"]
    assert losses["75'"] < losses["15'"]


def test_elo_and_dixon_coles_stand_beside_the_stack(store: Path) -> None:
    metrics = ModelStore(store).show("default").metrics

    assert {"elo", "dixon_coles", "xgboost", "lightgbm", "network"} <= set(metrics.against_stack)
    assert metrics.against_stack["elo"].value == pytest.approx(
        metrics.forecasters["stack"].log_loss.value - metrics.forecasters["elo"].log_loss.value
    )


def test_the_figures_for_a_page_agree_with_one_another(store: Path) -> None:
    metrics = ModelStore(store).show("default").metrics

    slices = [of for of in metrics.slices if of.by != "minute"]
    held_out = metrics.forecasters["stack"].rows

    assert sum(month.rows for month in metrics.months) == held_out
    assert sum(one.n for one in metrics.calibration) == 3 * held_out
    assert all(
        of.market_scores is not None and of.market_scores[0].value == of.market for of in slices
    )
