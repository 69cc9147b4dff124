"""A small multi-layer perceptron, evaluated row by row in float64.

It is not run by ONNX Runtime, whose matrix products have other last bits for one row than for
many, and in float32 differ between processors by more than a golden vector forgives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from model_store.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# No input may lie further from its mean than this many standard deviations.
_REACH = 5.0


class Network(msgspec.Struct, frozen=True):
    """Weights as they are stored: ``weights[l]`` is (in, out), ``biases[l]`` (out,)."""

    mean: list[float]
    inverse_scale: list[float]
    median: list[float]
    weights: list[list[list[float]]]
    biases: list[list[float]]


class Scaler:
    """Standardises float64 (n, k); a missing value becomes the training median."""

    def __init__(self, mean: Floats, inverse_scale: Floats, median: Floats) -> None:
        self.mean, self.inverse_scale, self.median = mean, inverse_scale, median
        self._filler = (median - mean) * inverse_scale

    @classmethod
    def fitted(cls, rows: Floats) -> Scaler:
        """The scaler of these training rows; a column without a value or spread is switched off."""
        known = np.isfinite(rows)
        empty = ~known.any(axis=0)
        filled = np.where(empty, 0.0, rows)
        median = np.nanmedian(filled, axis=0)
        filled = np.where(np.isnan(filled), median, filled)
        spread = filled.std(axis=0)
        varies = spread > 0
        return cls(filled.mean(axis=0), varies / np.where(varies, spread, 1.0), median)

    def __call__(self, rows: Floats) -> Floats:
        """The rows in standard deviations, within ±5."""
        return _standardised(rows, self.mean, self.inverse_scale, self._filler)


class Perceptron:
    """Runs a `Network`: rectified hidden layers, linear output."""

    def __init__(self, network: Network) -> None:
        self._scaler = Scaler(
            np.array(network.mean), np.array(network.inverse_scale), np.array(network.median)
        )
        self._weights = [np.array(layer) for layer in network.weights]
        self._biases = [np.array(layer) for layer in network.biases]

    def __call__(self, rows: Floats) -> Floats:
        """Logits, float64 (n, 3), of float64 (n, k)."""
        values = self._scaler(rows)
        last = len(self._weights) - 1
        for place, (weights, bias) in enumerate(zip(self._weights, self._biases, strict=True)):
            values = row_product(values, weights)
            _add_bias(values, bias, place < last)
        return values


@compiled
def _standardised(rows: Floats, mean: Floats, inverse_scale: Floats, filler: Floats) -> Floats:
    scaled = np.empty(rows.shape)
    for row in range(rows.shape[0]):
        for column in range(rows.shape[1]):
            value = rows[row, column]
            if np.isnan(value):
                value = filler[column]
            else:
                value = (value - mean[column]) * inverse_scale[column]
            scaled[row, column] = min(max(value, -_REACH), _REACH)
    return scaled


@compiled
def _add_bias(values: Floats, bias: Floats, rectified: bool) -> None:  # noqa: FBT001
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column] + bias[column]
            values[row, column] = max(value, 0.0) if rectified else value


@compiled
def row_product(rows: Floats, weights: Floats) -> Floats:
    """``rows @ weights``, (n, k) times (k, m), with bits that do not depend on n.

    One product of n rows would be split into blocks by the library that does it, and a row's last
    bits would tell where in a block it lay.
    """
    product = np.zeros((rows.shape[0], weights.shape[1]))
    for row in range(rows.shape[0]):
        for place in range(rows.shape[1]):
            for column in range(weights.shape[1]):
                product[row, column] += rows[row, place] * weights[place, column]
    return product
