"""Takes an ONNX model of somebody else's into the store, as a version like any other."""

from __future__ import annotations

from importlib.metadata import version as library_version
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from features import FEATURE_HASH, FEATURE_NAMES
from model_store.columns import Columns
from model_store.evaluate import scores
from model_store.folder import next_version, with_entries, write
from model_store.held_out import HeldOut, decode_held_out, encode_held_out
from model_store.kick_off import OWN_INPUT, OWN_OUTPUT
from model_store.manifest import (
    CARD,
    FORMAT_VERSION,
    HELD_OUT,
    OWN,
    Golden,
    Manifest,
    Metrics,
    check_name,
)
from model_store.verify import assemble, golden_vectors
from schemas.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = FEATURE_NAMES[: Columns(FEATURE_NAMES).phase + 1]
"""What such a model sees: the teams' columns, the market's probabilities and its phase."""


def adopt(
    model: Path, name: str, directory: Path, golden: Golden, *, held_out: Path | None = None
) -> Path:
    """Write the next version of *name* below *directory* from the ONNX file *model*.

    It gives ``probabilities`` float32 (n, 3) of ``features`` float32 (n, len(COLUMNS)), NaN where
    unknown. *golden* are vectors to hold it to; *held_out* its forecasts of matches that it was not
    trained on, without which it passes no gate.

    Raises:
        ModelError: When a file cannot be read, or is no such model.
    """
    raw = _read(model)
    told = HeldOut([], [], [], [])
    if held_out is not None:
        told = decode_held_out(_read(held_out), str(held_out))
    draft = _draft(check_name(name), next_version(directory, name), _metrics(told))
    forecasts = _forecast(draft, raw, golden)
    manifest = msgspec.structs.replace(draft, golden=Golden(golden.inputs, forecasts.tolist()))
    files = {OWN: raw, HELD_OUT: encode_held_out(told), CARD: _card(manifest).encode()}
    return write(directory, with_entries(manifest, files), files)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error


def _forecast(draft: Manifest, raw: bytes, golden: Golden) -> np.ndarray:
    """What it says of the golden vectors, before it is in the store."""
    try:
        forecasts = assemble(draft, {OWN: raw}).forecast(golden_vectors(golden))
    except ModelError:
        raise
    except Exception as error:
        # ONNX Runtime's errors have no class of their own to catch.
        raise ModelError(
            f"{draft.label}: {OWN} does not take {OWN_INPUT}, float32 (n, {len(COLUMNS)}), and "
            f"give {OWN_OUTPUT}, (n, 3): {error}."
        ) from error
    if not np.isfinite(forecasts).all():
        raise ModelError(
            f"{draft.label}: {OWN} does not give probabilities: each row's three must be 0 or more "
            "and sum to 1, with unknown columns (NaN) too."
        )
    return forecasts


def _metrics(told: HeldOut) -> Metrics:
    forecasters, confidence, error = {}, 0.0, 0.0
    if told.match_id:
        top = told.array().max(axis=1)
        forecasters["own"] = scores(told.array(), told.outcomes())
        confidence, error = float(top.mean()), float(top.std() / np.sqrt(len(top)))
    return Metrics(
        seasons=[],
        forecasters=forecasters,
        leagues={},
        against_stack={},
        slices=[],
        mean_confidence=confidence,
        confidence_error=error,
    )


def _draft(name: str, version: int, metrics: Metrics) -> Manifest:
    return Manifest(
        format_version=FORMAT_VERSION,
        name=name,
        version=version,
        created="",
        checksum="",
        files={},
        feature_names=list(FEATURE_NAMES),
        feature_hash=FEATURE_HASH,
        training_sha256="",
        rows=0,
        seasons=[],
        competitions=[],
        config="own",
        settings={},
        seed=0,
        command=f"./run models add MODEL.onnx --name {name}",
        libraries={"onnxruntime": library_version("onnxruntime")},
        parity=0.0,
        metrics=metrics,
        golden=Golden([], []),
        kind="onnx",
    )


def _card(manifest: Manifest) -> str:
    told = manifest.metrics.forecasters.get("own")
    words = "No forecasts out of fold were given, so nothing is known of how good it is."
    if told is not None:
        words = (
            f"By its own account, on {told.rows:,} matches that it was not trained on: log-loss "
            f"{told.log_loss.value:.4f}, RPS {told.rps.value:.4f}."
        )
    return f"""# {manifest.label}

A model of somebody else's, taken in by

    {manifest.command}

It gives the probabilities before kick-off from {len(COLUMNS)} columns (features {FEATURE_HASH});
in play they are conditioned on minute, score and red cards by the usual goal rates. {words}
"""
