"""The numbers of a model fit together: compiled code reads past the end of what is too short."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model_store.filling import Fill
    from model_store.kick_off import Weights
    from model_store.network import Network

_OUTCOMES, _MARGINS, _PHASES, _FIVES = 3, 9, 3, 18


def check_shapes(network: Network, weights: Weights, teams: int, label: str) -> None:
    """Make sure that every array has the size that the others ask for.

    *teams* is how many team columns a vector has.

    Raises:
        ModelError: When one has not; names it.
    """
    parts = _of_network(network, teams), _of_weights(weights), _of_fill(weights.fill, teams)
    for name, numbers, shape in itertools.chain(*parts):
        try:
            found = np.shape(numbers)
        except ValueError:  # rows of different lengths
            found = None
        if found != shape:
            raise ModelError(
                f"{label}: {name} must have the shape {shape}, it has {found or 'none'}. "
                "Restore the folder or train again."
            )


def _of_network(network: Network, teams: int) -> Iterator[tuple[str, Any, tuple[int, ...]]]:
    for name in ("mean", "inverse_scale", "median"):
        yield f"the network's {name}", getattr(network, name), (teams,)
    hidden = [len(bias) for bias in network.biases[:-1]]
    yield "the network's biases", network.biases[-1:], (1, _OUTCOMES)
    sizes = [teams, *hidden, _OUTCOMES]
    yield "the network's layers", [0] * len(network.weights), (len(sizes) - 1,)
    for place, layer in enumerate(network.weights):
        yield f"layer {place + 1} of the network", layer, (sizes[place], sizes[place + 1])


def _of_weights(weights: Weights) -> Iterator[tuple[str, Any, tuple[int, ...]]]:
    yield "the stack's weights", weights.stack.weights, (_MARGINS, _OUTCOMES)
    yield "the stack's bias", weights.stack.bias, (_OUTCOMES,)
    yield "the opening pool's bias", weights.opening.bias, (_OUTCOMES,)
    yield "the closing pool's bias", weights.closing.bias, (_OUTCOMES,)
    yield "the totals", weights.totals, (_PHASES,)
    yield "the goals by five minutes", weights.intensity.by_five, (_FIVES,)


def _of_fill(fill: Fill, teams: int) -> Iterator[tuple[str, Any, tuple[int, ...]]]:
    base, columns = len(fill.base), len(fill.columns)
    outside = [place for place in (*fill.base, *fill.columns) if not 0 <= place < teams]
    yield "the filled columns outside the vector", outside, (0,)
    for name in ("median", "mean", "inverse_scale"):
        yield f"the filling's {name}", getattr(fill, name), (base,)
    yield "the filling's constant", fill.constant, (columns,)
    if base and columns:
        yield "the filling's weights", fill.weights, (base, columns)
