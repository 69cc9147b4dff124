from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from features import FEATURE_NAMES
from model_store import ModelStore
from model_store.columns import Columns
from schemas.errors import ModelError
from tests.model_store.conftest import league, vectors_of_every_kind

if TYPE_CHECKING:
    from pathlib import Path

    from model_store.model import Model

COLUMNS = Columns(FEATURE_NAMES)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 20, 50, 51, 64, 100, 127, 256])
def test_a_forecast_has_the_same_bits_however_many_rows_come_with_it(
    model: Model, store: Path, rows: int
) -> None:
    vectors = vectors_of_every_kind(league())
    alone = model.forecast(vectors)
    fresh = ModelStore(store).load("default@1")

    # Not the same model: it would remember what it forecast before.
    together = [fresh.forecast(vectors[at : at + rows]) for at in range(0, len(vectors), rows)]

    assert np.concatenate(together).tobytes() == alone.tobytes()


def test_a_forecast_has_the_same_bits_whatever_rows_come_before_it(model: Model) -> None:
    vectors = vectors_of_every_kind(league())
    shuffled = np.random.default_rng(3).permutation(len(vectors))

    forecasts = model.predict(vectors[shuffled])

    assert forecasts.tobytes() == model.predict(vectors)[shuffled].tobytes()


def test_a_row_cut_out_of_a_wider_array_gives_the_same_bits(model: Model) -> None:
    vectors = vectors_of_every_kind(league())
    wide = np.full((len(vectors), 2 * vectors.shape[1]), 9.0)
    wide[:, ::2] = vectors

    forecasts = model.predict(wide[:, ::2])

    assert forecasts.tobytes() == model.predict(vectors).tobytes()


def test_probabilities_sum_to_one_and_only_a_result_is_certain(model: Model) -> None:
    vectors = vectors_of_every_kind(league())

    forecasts = model.predict(vectors)

    open_rows = vectors[:, COLUMNS.finished] == 0
    assert forecasts.dtype == np.float64
    np.testing.assert_allclose(forecasts.sum(axis=1), 1.0, rtol=0, atol=1e-15)
    assert (forecasts[open_rows] > 0).all()
    assert (np.sort(forecasts[~open_rows], axis=1) == [0.0, 0.0, 1.0]).all()


def test_a_finished_match_is_what_its_score_says(model: Model) -> None:
    vectors = COLUMNS.before_kick_off(np.zeros((3, COLUMNS.teams)), np.full((3, 3), np.nan), 0)
    vectors[:, COLUMNS.minute], vectors[:, COLUMNS.finished] = 90, 1
    vectors[:, COLUMNS.home_score], vectors[:, COLUMNS.away_score] = [2, 1, 0], [1, 1, 3]

    forecasts = model.predict(vectors)

    assert forecasts.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_a_model_knows_more_than_the_base_rates_from_the_columns_that_matter(model: Model) -> None:
    strong = np.zeros((1, COLUMNS.teams))
    strong[0, :2] = 1.5
    unknown = np.full((1, 3), np.nan)

    favourite, outsider = model.predict(
        np.concatenate([COLUMNS.before_kick_off(team, unknown, 0) for team in (strong, -strong)])
    )

    assert favourite[0] > outsider[0] + 0.2
    assert outsider[2] > favourite[2] + 0.2


def test_the_market_moves_a_forecast_and_an_incomplete_one_does_not(model: Model) -> None:
    team = np.zeros((3, COLUMNS.teams))
    market = np.array([[0.8, 0.15, 0.05], [0.8, np.nan, 0.05], [np.nan] * 3])
    vectors = COLUMNS.before_kick_off(team, market, 2)
    vectors[1, COLUMNS.phase] = 2

    priced, half_priced, unpriced = model.predict(vectors)

    assert priced[0] > 0.7
    assert half_priced.tobytes() == unpriced.tobytes()


def test_a_vector_of_another_length_is_refused_in_a_sentence(model: Model) -> None:
    with pytest.raises(ModelError, match=r"default@1 reads vectors of \d+ columns"):
        model.predict(np.zeros((2, 5)))
