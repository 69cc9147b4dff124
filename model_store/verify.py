"""A model is put together and checked before anybody forecasts with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np
import onnx
from onnx.external_data_helper import uses_external_data

from model_store.checked_files import checked_bytes, label_of, manifest_in
from model_store.columns import Columns
from model_store.in_play import Intensity
from model_store.kick_off import Own, Stacked, Weights
from model_store.manifest import (
    FILES,
    MANIFEST,
    META,
    NETWORK,
    OWN,
    OWN_FILES,
    TREES,
    Golden,
    Manifest,
)
from model_store.model import Model
from model_store.network import Network
from model_store.plots import PLOTS
from model_store.rates import MARKET_TOTALS, Totals
from model_store.runtime import InferenceSession, SessionOptions
from model_store.shapes import check_shapes
from schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_T = TypeVar("_T")

_DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}
_GOLDEN_TOLERANCE = 1e-9


def load_verified(folder: Path, feature_hash: str) -> Model:
    """The model in *folder*, after every check has passed.

    Raises:
        ModelError: When anything is missing, changed, or made for other features.
    """
    label = label_of(folder)
    try:
        manifest = manifest_in(folder)
        _check_identity(manifest, label, feature_hash)
        files = {name: checked_bytes(folder, name, manifest) for name in manifest.files}
        model = assemble(manifest, files)
        check_golden(model, manifest.golden)
    except ModelError:
        raise
    except Exception as error:
        # Sealed files may hold anything, and what they hold must not end the one who asks.
        raise ModelError(f"{label}: cannot be put together: {error}.") from error
    return model


def assemble(manifest: Manifest, files: Mapping[str, bytes]) -> Model:
    """Put a model together from the bytes of its files.

    Raises:
        ModelError: When one of them is not what its name says.
    """
    label, names = manifest.label, manifest.feature_names
    if manifest.kind == "onnx":
        own = Own(names, _session(files[OWN], OWN, label))
        totals = (Totals(), MARKET_TOTALS, MARKET_TOTALS)
        return Model(label, manifest, own, totals, Intensity())
    trees = _session(files[TREES], TREES, label)
    network = _decoded(files[NETWORK], Network, NETWORK, label)
    weights = _decoded(files[META], Weights, META, label)
    check_shapes(network, weights, Columns(names).teams, label)
    stacked = Stacked(names, trees, network, weights)
    return Model(label, manifest, stacked, weights.totals, weights.intensity)


def golden_vectors(golden: Golden) -> np.ndarray:
    """The golden inputs, float64 (n, columns), NaN where the manifest has null."""
    return np.array(golden.inputs, dtype=np.float64)


def _check_identity(manifest: Manifest, label: str, feature_hash: str) -> None:
    if manifest.label != label:
        raise ModelError(
            f"{label}: {MANIFEST} says it is {manifest.label}; the folder was moved or copied. "
            "Put it back under its own name."
        )
    wanted = OWN_FILES if manifest.kind == "onnx" else FILES
    if odd := sorted((set(manifest.files) - set(PLOTS)) ^ set(wanted)):
        raise ModelError(
            f"{label}: {MANIFEST} must list exactly {', '.join(wanted)}; {', '.join(odd)} differs."
        )
    if manifest.feature_hash != feature_hash:
        raise ModelError(
            f"{label}: {MANIFEST} was made for features {manifest.feature_hash}, this program "
            f"computes {feature_hash}. Train a model with this program."
        )


def _session(raw: bytes, name: str, label: str) -> InferenceSession:
    _check_graph(raw, name, label)
    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return InferenceSession(raw, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"{label}: {name} cannot be run: {error}.") from error


def _check_graph(raw: bytes, name: str, label: str) -> None:
    try:
        graph = onnx.load_model_from_string(raw)
    except Exception as error:
        raise ModelError(f"{label}: {name} is no ONNX model: {error}.") from error
    domains = {entry.domain for entry in graph.opset_import}
    domains |= {node.domain for node in graph.graph.node}
    if domains - _DOMAINS or graph.functions:
        raise ModelError(
            f"{label}: {name} uses operators that are not standard ONNX "
            f"({', '.join(sorted(domains - _DOMAINS)) or 'functions of its own'})."
        )
    if nested := sorted({node.op_type for node in graph.graph.node if _has_graph(node)}):
        # What they hold would have to be looked at as well, and a loop need never end.
        raise ModelError(f"{label}: {name} has graphs within operators ({', '.join(nested)}).")
    if any(uses_external_data(tensor) for tensor in _tensors(graph.graph)):
        raise ModelError(f"{label}: {name} wants data from outside the file.")


def _has_graph(node: onnx.NodeProto) -> bool:
    return any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every constant of a graph whose operators hold no graphs."""
    yield from graph.initializer
    sparse = list(graph.sparse_initializer)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            sparse += [attribute.sparse_tensor, *attribute.sparse_tensors]
    for tensor in sparse:
        yield from (tensor.values, tensor.indices)


def _decoded(raw: bytes, kind: type[_T], name: str, label: str) -> _T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{label}: {name} cannot be read: {error}.") from error


def check_golden(model: Model, golden: Golden) -> None:
    """Make sure that *model* computes here what it computed when it was made.

    Raises:
        ModelError: When a golden vector gives another forecast.
    """
    outputs, wanted = model.forecast(golden_vectors(golden)), np.array(golden.outputs)
    if wanted.shape != outputs.shape or not wanted.size:
        raise ModelError(
            f"{model.label}: {MANIFEST} needs golden outputs of shape {outputs.shape}, "
            f"not {wanted.shape}, and at least one."
        )
    worst = np.abs(outputs - wanted).max()
    if not worst <= _GOLDEN_TOLERANCE:
        raise ModelError(
            f"{model.label}: {MANIFEST}'s golden inputs give probabilities that differ by "
            f"{worst:.1e}; the model does not compute here what it computed when it was made."
        )
