from __future__ import annotations

import lightgbm
import numpy as np
import onnx
import pytest
import xgboost

from model_store.forest import from_lightgbm, from_xgboost, to_onnx
from model_store.runtime import InferenceSession

ROWS, FEATURES = 700, 6


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers, so that thresholds are met exactly; holes in half of the columns."""
    rng = np.random.default_rng(0)
    values = rng.integers(-6, 7, (ROWS, FEATURES)).astype(np.float32) / 2
    values[:, 3:][rng.random((ROWS, FEATURES - 3)) < 0.3] = np.nan
    outcome = np.digitize(np.nan_to_num(values).sum(axis=1) + rng.normal(size=ROWS), [-1, 1])
    return values, outcome


@pytest.fixture(scope="module")
def with_holes_everywhere(data: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Rows that miss values in columns where training saw none, too."""
    values = data[0].copy()
    values[np.random.default_rng(1).random(values.shape) < 0.3] = np.nan
    return values


def _run(raw: bytes, rows: np.ndarray) -> np.ndarray:
    return np.asarray(InferenceSession(raw).run(None, {"features": rows})[0])


def test_exported_xgboost_agrees_with_the_native_on_ties_and_missing_values(
    data: tuple[np.ndarray, np.ndarray], with_holes_everywhere: np.ndarray
) -> None:
    settings = {"objective": "multi:softprob", "num_class": 3, "max_depth": 4, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(data[0], label=data[1]), 15)

    exported = _run(to_onnx([from_xgboost(booster)], FEATURES), with_holes_everywhere)

    native = booster.predict(xgboost.DMatrix(with_holes_everywhere), output_margin=True)
    np.testing.assert_allclose(exported, native, rtol=0, atol=2e-6)


def test_exported_lightgbm_agrees_with_the_native_on_ties_and_missing_values(
    data: tuple[np.ndarray, np.ndarray], with_holes_everywhere: np.ndarray
) -> None:
    settings = {"objective": "multiclass", "num_class": 3, "num_threads": 1, "verbose": -1}
    booster = lightgbm.train(settings, lightgbm.Dataset(data[0], label=data[1]), 15)

    exported = _run(to_onnx([from_lightgbm(booster)], FEATURES), with_holes_everywhere)

    native = booster.predict(with_holes_everywhere, raw_score=True)
    np.testing.assert_allclose(exported, native, rtol=0, atol=2e-6)


def test_two_forests_in_one_graph_keep_to_their_own_targets(
    data: tuple[np.ndarray, np.ndarray],
) -> None:
    settings = {"objective": "multi:softprob", "num_class": 3, "nthread": 1}
    first, second = (
        from_xgboost(xgboost.train(settings, xgboost.DMatrix(data[0], label=label), 3))
        for label in (data[1], 2 - data[1])
    )

    both = _run(to_onnx([first, second], FEATURES), data[0])

    np.testing.assert_array_equal(both[:, :3], _run(to_onnx([first], FEATURES), data[0]))
    np.testing.assert_array_equal(both[:, 3:], _run(to_onnx([second], FEATURES), data[0]))


def test_a_forest_that_found_nothing_to_split_is_exported_too() -> None:
    rows, outcome = np.zeros((60, 2), dtype=np.float32), np.arange(60) % 3
    settings = {"objective": "multiclass", "num_class": 3, "num_threads": 1, "verbose": -1}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, label=outcome), 2)

    exported = _run(to_onnx([from_lightgbm(booster)], 2), rows)

    np.testing.assert_allclose(exported, booster.predict(rows, raw_score=True), atol=1e-6)


def test_the_graph_is_valid_onnx_of_standard_operators(
    data: tuple[np.ndarray, np.ndarray],
) -> None:
    settings = {"objective": "multi:softprob", "num_class": 3, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(data[0], label=data[1]), 2)

    graph = onnx.load_model_from_string(to_onnx([from_xgboost(booster)], FEATURES))

    onnx.checker.check_model(graph)
    assert [node.op_type for node in graph.graph.node] == ["TreeEnsembleRegressor"]
