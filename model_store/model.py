"""A loaded model: feature vectors in, probabilities out, each row for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from model_store.columns import PHASE_UNKNOWN, Columns
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
# Matches whose stack is remembered: at half a kilobyte each some 8 MB.
_MOST_REMEMBERED = 16_384
_OUTPUTS = ["margins"]


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
        # In the order of the market phases: unknown, opening or current, closing.
        pools = (NO_MARKET, weights.opening, weights.closing)
        self._pools = np.array([pool.row() for pool in pools])
        self._in_play = InPlay(weights.intensity)
        self._remembered: dict[bytes, list[float]] = {}

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
        return self._pooled(vectors, self._logits(vectors))

    def _predict_block(self, vectors: Floats) -> Floats:
        forecasts = self.before_kick_off(vectors)
        finished = vectors[:, self._columns.finished] > 0
        # A minute that is not known is not ≥ 0 either.
        live = (vectors[:, self._columns.minute] >= 0) & ~finished
        if np.logical_or.reduce(live):
            places = live.nonzero()[0]
            forecasts[places] = self._conditioned(forecasts[places], vectors[places])
        np.maximum(forecasts, _LEAST_PROBABILITY, out=forecasts)
        forecasts /= np.add.reduce(forecasts, axis=1, keepdims=True)
        if np.logical_or.reduce(finished):
            forecasts[finished] = self._results(vectors[finished])
        return forecasts

    def _logits(self, vectors: Floats) -> Floats:
        """What the stack says, float64 (n, 3), remembered by the team columns it is made of.

        Prices, minutes and goals leave those as they are, so the trees run about once a match and
        result. A row's bits do not depend on the others, so what is remembered is what would be
        computed.
        """
        known, teams = self._remembered, self._columns.teams
        keys = [row.tobytes() for row in vectors[:, :teams]]
        if len(known) + len(keys) > _MOST_REMEMBERED:
            known.clear()
        if missing := {key: place for place, key in enumerate(keys) if key not in known}:
            margins = self.margins(vectors[list(missing.values())])
            logits = row_product(margins, self._stack_weights)
            logits += self._stack_bias
            known.update(zip(missing, logits.tolist(), strict=True))
        return np.array([known[key] for key in keys]).reshape(-1, 3)

    def margins(self, vectors: Floats) -> Floats:
        """What each member says before it is normalised: float64 (n, 9), three a member."""
        team = vectors[:, : self._columns.teams]
        # The rows may be a view; the trees want a float32 copy of their own in one piece.
        narrow = np.ascontiguousarray(team, dtype=np.float32)
        margins = np.empty((len(team), 9))
        margins[:, :6] = self._trees.run(_OUTPUTS, {"features": narrow})[0]
        margins[:, 6:] = self._network(team)
        return margins

    def _pooled(self, vectors: Floats, logits: Floats) -> Floats:
        market = vectors[:, self._columns.market]
        known = np.logical_and.reduce(market > 0, axis=1)
        phase = np.where(known, vectors[:, self._columns.phase], PHASE_UNKNOWN)
        pool = self._pools.take(phase.astype(np.int64), axis=0, mode="clip")
        prices = np.log(np.where(known[:, None], market, 1.0))
        pooled = pool[:, :1] * logits
        pooled += pool[:, 1:2] * prices
        pooled += pool[:, 2:]
        return softmax(pooled)

    def _conditioned(self, before: Floats, vectors: Floats) -> Floats:
        at = self._columns
        safe = np.maximum(before, _LEAST_PROBABILITY)
        lead = vectors[:, at.home_score] - vectors[:, at.away_score]
        reds = vectors[:, at.home_reds : at.away_reds + 1]
        return self._in_play(safe, vectors[:, at.minute], lead, reds)

    def _results(self, vectors: Floats) -> Floats:
        lead = vectors[:, self._columns.home_score] - vectors[:, self._columns.away_score]
        return np.stack([lead > 0, lead == 0, lead < 0], axis=1).astype(np.float64)
