"""A loaded model: feature vectors in, probabilities out, each row for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from model_store.columns import PHASE_CLOSING, PHASE_OPENING, Columns
from model_store.in_play import InPlay, Intensity
from model_store.logit import softmax
from model_store.network import Network, Perceptron, row_product
from model_store.stacking import NO_MARKET, Pool, Stack
from schemas.errors import ModelError

if TYPE_CHECKING:
    import numpy.typing as npt
    from onnxruntime import InferenceSession

    from model_store.manifest import Manifest

    Floats = npt.NDArray[np.float64]

# Nothing in football is surer than this; it also keeps every logarithm finite.
_LEAST_PROBABILITY = 1e-6
# More rows at once would leave the cache of the processor and gain nothing.
_BLOCK = 128


class Weights(msgspec.Struct, frozen=True):
    """``meta.json``: everything that is evaluated in float64 after the trees."""

    stack: Stack
    opening: Pool
    closing: Pool
    intensity: Intensity


class Model:
    """One version of a forecaster."""

    def __init__(
        self,
        label: str,
        manifest: Manifest,
        session: InferenceSession,
        network: Network,
        weights: Weights,
    ) -> None:
        """Take ready parts; `ModelStore.load` verifies them and puts them together."""
        self.label = label
        self.manifest = manifest
        self._columns = Columns(manifest.feature_names)
        self._trees = session
        self._network = Perceptron(network)
        self._stack_weights = np.array(weights.stack.weights)
        self._stack_bias = np.array(weights.stack.bias)
        pools = (NO_MARKET, weights.opening, weights.closing)
        self._pools = np.array([pool.row() for pool in pools])
        self._in_play = InPlay(weights.intensity)

    def predict(self, vectors: Floats) -> Floats:
        """Probabilities of home, draw, away: float64 (n, 3) of float64 (n, columns), NaN unknown.

        A row's bits do not depend on the other rows. They sum to 1 and none is 0, but for a
        finished match, whose result is certain.

        Raises:
            ModelError: When the vectors have another number of columns.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self._columns.count:  # noqa: PLR2004
            raise ModelError(
                f"{self.label} reads vectors of {self._columns.count} columns; "
                f"it was given an array of shape {vectors.shape}."
            )
        if len(vectors) <= _BLOCK:
            return self._predict_block(vectors)
        blocks = [vectors[start : start + _BLOCK] for start in range(0, len(vectors), _BLOCK)]
        return np.concatenate([self._predict_block(block) for block in blocks])

    def before_kick_off(self, vectors: Floats) -> Floats:
        """The forecast that leaves out minute, score and cards, float64 (n, 3)."""
        return self._pooled(vectors, self._logits(vectors[:, : self._columns.teams]))

    def _predict_block(self, vectors: Floats) -> Floats:
        forecasts = self.before_kick_off(vectors)
        started = ~np.isnan(vectors[:, self._columns.minute])
        finished = vectors[:, self._columns.finished] > 0
        if started.any():
            live = np.flatnonzero(started & ~finished)
            if len(live):
                forecasts[live] = self._conditioned(forecasts[live], vectors[live])
        np.maximum(forecasts, _LEAST_PROBABILITY, out=forecasts)
        forecasts /= forecasts.sum(axis=1, keepdims=True)
        if finished.any():
            forecasts[finished] = self._results(vectors[finished])
        return forecasts

    def _logits(self, team: Floats) -> Floats:
        # The rows may be a view; the trees want their own float32 copy in one piece.
        narrow = np.ascontiguousarray(team, dtype=np.float32)
        margins = np.empty((len(team), 9))
        margins[:, :6] = self._trees.run(None, {"features": narrow})[0]
        margins[:, 6:] = self._network(team)
        return row_product(margins, self._stack_weights) + self._stack_bias

    def _pooled(self, vectors: Floats, logits: Floats) -> Floats:
        market = vectors[:, self._columns.market]
        phase = vectors[:, self._columns.phase]
        usable = (market > 0).all(axis=1)
        place = np.where(usable & (phase == PHASE_CLOSING), 2, usable & (phase == PHASE_OPENING))
        pool = self._pools[place.astype(np.int64)]
        prices = np.log(np.where(place[:, None] > 0, market, 1.0))
        return softmax(pool[:, :1] * logits + pool[:, 1:2] * prices + pool[:, 2:])

    def _conditioned(self, before: Floats, vectors: Floats) -> Floats:
        at = self._columns
        safe = np.maximum(before, _LEAST_PROBABILITY)
        lead = vectors[:, at.home_score] - vectors[:, at.away_score]
        reds = vectors[:, at.home_reds : at.away_reds + 1]
        return self._in_play(safe, vectors[:, at.minute], lead, reds)

    def _results(self, vectors: Floats) -> Floats:
        lead = vectors[:, self._columns.home_score] - vectors[:, self._columns.away_score]
        return np.stack([lead > 0, lead == 0, lead < 0], axis=1).astype(np.float64)
