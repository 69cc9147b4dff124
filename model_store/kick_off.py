"""Probabilities before kick-off: by the stack in a log-pool with the market, or by your own model.

What is here is given whole feature vectors and reads those columns alone that do not move in play.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from model_store.columns import PHASE_UNKNOWN, Columns, Places, market_phase
from model_store.compiled import compiled
from model_store.filling import Fill, Filler
from model_store.in_play import Intensity  # noqa: TC001 - msgspec reads annotations
from model_store.network import Network, Perceptron, row_product
from model_store.rates import Totals  # noqa: TC001 - the same
from model_store.stacking import NO_MARKET, Pool, Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from model_store.runtime import InferenceSession

    Floats = npt.NDArray[np.float64]

# Matches whose stack is remembered: at half a kilobyte each some 8 MB.
_MOST_REMEMBERED = 16_384
_TREE_OUTPUTS = ["margins"]
OWN_INPUT, OWN_OUTPUT = "features", "probabilities"
_SURE_OF_SUM = 1e-3


class Weights(msgspec.Struct, frozen=True):
    """``meta.json``: everything that is evaluated in float64 after the trees.

    ``totals`` are for no market, an opening and a closing one.
    """

    stack: Stack
    opening: Pool
    closing: Pool
    totals: list[Totals]
    intensity: Intensity
    fill: Fill = Fill()


class KickOff(Protocol):
    """Forecasts matches as they stand before kick-off."""

    def __call__(self, vectors: Floats) -> Floats:
        """Probabilities, float64 (n, 3), each row's bits for itself."""
        ...


class Stacked:
    """The three members, stacked, and pooled with the market where one is known."""

    def __init__(
        self, names: Sequence[str], trees: InferenceSession, network: Network, weights: Weights
    ) -> None:
        self._columns = Columns(names)
        self._trees = trees
        self._fill = Filler(weights.fill)
        self._network = Perceptron(network)
        self._stack_weights = np.array(weights.stack.weights)
        self._stack_bias = np.array(weights.stack.bias)
        # In the order of the market phases: unknown, opening or current, closing.
        pools = (NO_MARKET, weights.opening, weights.closing)
        self._pools = np.array([pool.row() for pool in pools])
        self._remembered: dict[bytes, list[float]] = {}

    def __call__(self, vectors: Floats) -> Floats:
        """Probabilities, float64 (n, 3)."""
        chances = np.empty((len(vectors), 3))
        _pool_rows(vectors, self._logits(vectors), self._columns.places, self._pools, chances)
        return chances

    def margins(self, vectors: Floats) -> Floats:
        """What each member says before it is normalised: float64 (n, 9), three a member."""
        # In one piece, as a single row is anyway: code is compiled for either layout by itself.
        team = self._fill(np.ascontiguousarray(vectors[:, : self._columns.teams]))
        narrow = team.astype(np.float32)
        margins = np.empty((len(team), 9))
        margins[:, :6] = self._trees.run(_TREE_OUTPUTS, {"features": narrow})[0]
        margins[:, 6:] = self._network(team)
        return margins

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
            margins = self.margins(vectors.take(list(missing.values()), axis=0))
            logits = row_product(margins, self._stack_weights)
            logits += self._stack_bias
            known.update(zip(missing, logits.tolist(), strict=True))
        return np.array([known[key] for key in keys]).reshape(-1, 3)


@compiled
def _pool_rows(vectors: Floats, logits: Floats, at: Places, pools: Floats, chances: Floats) -> None:
    """Write the log-pool (Genest & Zidek 1986) of stack and market into *chances* (n, 3).

    *pools* (3, 5) are `Pool.row` by market phase.
    """
    for row in range(len(vectors)):
        phase = market_phase(vectors[row], at)
        pool = pools[min(max(phase, PHASE_UNKNOWN), len(pools) - 1)]
        highest = -math.inf
        for outcome in range(3):
            pooled = pool[0] * logits[row, outcome] + pool[2 + outcome]
            if phase > PHASE_UNKNOWN:
                pooled += pool[1] * math.log(vectors[row, at.market + outcome])
            chances[row, outcome] = pooled
            highest = max(highest, pooled)
        whole = 0.0
        for outcome in range(3):
            chances[row, outcome] = math.exp(chances[row, outcome] - highest)
            whole += chances[row, outcome]
        for outcome in range(3):
            chances[row, outcome] /= whole


class Own:
    """An ONNX model of somebody else's, which sees the columns of the teams and the market."""

    def __init__(self, names: Sequence[str], session: InferenceSession) -> None:
        self._width = Columns(names).phase + 1
        self._session = session

    def __call__(self, vectors: Floats) -> Floats:
        """Probabilities, float64 (n, 3), row by row: its last bits may hang on how many there are.

        Where it gives no probabilities the answer is NaN, which no forecast is made from.
        """
        narrow = np.ascontiguousarray(vectors[:, : self._width], dtype=np.float32)
        run = self._session.run
        rows = [run([OWN_OUTPUT], {OWN_INPUT: narrow[i : i + 1]})[0] for i in range(len(narrow))]
        made = np.array(rows, dtype=np.float64).reshape(-1, 3)
        sums = made.sum(axis=1, keepdims=True)
        sound = (made >= 0).all(axis=1, keepdims=True) & (np.abs(sums - 1.0) < _SURE_OF_SUM)
        return np.where(sound, made / np.where(sound, sums, 1.0), np.nan)
