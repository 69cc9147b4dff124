"""From a training set to a version folder."""

from __future__ import annotations

from importlib.metadata import version as library_version
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from features import FEATURE_HASH, FEATURE_NAMES, TEAM_FEATURES
from model_store.ablation import without_each_group
from model_store.card import card
from model_store.columns import PHASE_UNKNOWN, Columns
from model_store.config import Config, config_named
from model_store.folder import next_version, with_entries, write
from model_store.forecast_table import write_forecasts
from model_store.forest import from_lightgbm, from_xgboost, to_onnx
from model_store.golden import golden_rows
from model_store.held_out import HeldOut, encode_held_out
from model_store.kick_off import Weights
from model_store.logit import softmax
from model_store.manifest import (
    CARD,
    FORMAT_VERSION,
    HELD_OUT,
    META,
    NETWORK,
    TREES,
    Golden,
    Manifest,
    check_name,
)
from model_store.measure import metrics, served
from model_store.members import fit_members
from model_store.out_of_fold import (
    OutOfFold,
    Refit,
    meta_rows,
    out_of_fold,
    season_weights,
    seen_by_members,
)
from model_store.play_fit import fit_play
from model_store.plots import plots
from model_store.stacking import Stack, fit_pool, fit_stack, stack_logits
from model_store.verify import assemble
from schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from model_store.members import Members
    from model_store.training_set import TrainingSet

_LIBRARIES = ("lightgbm", "numpy", "onnx", "onnxruntime", "scikit-learn", "xgboost-cpu", "xgboost")
# The served trees add float32 leaves in an order of their own: so much for each tree, at least.
_PARITY_GAP_A_TREE, _LEAST_PARITY_GAP = 2.0**-24, 1e-5


def train(
    training: TrainingSet,
    config: str,
    *,
    seed: int,
    name: str,
    directory: Path,
    command: str,
    progress: Callable[[str, float], None],
    refit: Refit = "season",
    ablate: bool = False,
    forecasts: Path | None = None,
) -> Path:
    """Fit, measure and write the next version of *name* below *directory*; returns its folder.

    *refit* is how often everything is fitted anew for the out-of-fold forecasts; with *ablate* they
    are made without each group of features too, and with *forecasts* they are written there as a
    table. *command* goes on the model card. *progress* is told what is being done and its share of
    all. The same arguments give the same bytes.

    Raises:
        ModelError: When the data do not suffice, the export differs from the native models, or
            the folder cannot be written. Nothing half-made is left.
    """
    settings, name = config_named(config), check_name(name)
    _check_features(training)
    training.check()
    rows = training.in_order()
    progress("reading the history", 0.0)
    held_out = out_of_fold(
        rows, settings, seed=seed, progress=_part(progress, 0.0, 0.6), refit=refit
    )
    if forecasts is not None:
        write_forecasts(held_out, forecasts)
    margins, outcome = meta_rows(
        rows, held_out, settings, seed=seed, progress=_part(progress, 0.6, 0.85)
    )
    progress("fitting the members on every season", 0.85)
    weight = season_weights(rows, settings.season_decay)
    members = fit_members(
        seen_by_members(rows, settings), rows.outcome, weight, settings, seed=seed
    )
    weights = _weights(fit_stack(margins, outcome, settings), held_out, members)
    progress("exporting, measuring and checking", 0.92)
    files = _exported(members, weights)
    files[HELD_OUT] = encode_held_out(HeldOut.of(held_out.rows, served(held_out)))
    draft = _draft(rows, held_out, settings, seed=seed, name=name, command=command)
    if ablate:
        progress("measuring without each group of features", 0.92)
    found = dict(
        without_each_group(rows, settings, seed=seed, progress=_silent, refit=refit)
        if ablate
        else ()
    )
    draft = msgspec.structs.replace(
        draft,
        version=next_version(directory, name),
        refit=refit,
        metrics=msgspec.structs.replace(draft.metrics, ablation=found),
    )
    folder = write(directory, *_sealed(draft, files, rows, members, weights))
    progress("done", 1.0)
    return folder


def _check_features(training: TrainingSet) -> None:
    if tuple(training.feature_names) != tuple(TEAM_FEATURES):
        odd = set(training.feature_names) ^ set(TEAM_FEATURES)
        raise ModelError(
            "The training set's columns are not the team features of this program: "
            f"{', '.join(sorted(odd)) or 'their order'} differs."
        )


def _silent(_what: str, _share: float) -> None:
    """Take no notice: one bar cannot go from nothing to all ten times."""


def _part(
    progress: Callable[[str, float], None], start: float, end: float
) -> Callable[[str, float], None]:
    return lambda what, share: progress(what, start + share * (end - start))


def _weights(stack: Stack, held_out: OutOfFold, members: Members) -> Weights:
    rows = held_out.rows
    totals, intensity = fit_play(held_out)
    return Weights(
        stack=stack,
        opening=fit_pool(held_out.logits, rows.market_opening, rows.outcome),
        closing=fit_pool(held_out.logits, rows.market_closing, rows.outcome),
        totals=totals,
        intensity=intensity,
        fill=members.fill,
    )


def _exported(members: Members, weights: Weights) -> dict[str, bytes]:
    forests = [from_xgboost(members.xgboost), from_lightgbm(members.lightgbm)]
    return {
        TREES: to_onnx(forests, len(TEAM_FEATURES)),
        NETWORK: msgspec.json.encode(members.network) + b"\n",
        META: msgspec.json.format(msgspec.json.encode(weights), indent=1) + b"\n",
    }


def _draft(
    rows: TrainingSet, held_out: OutOfFold, config: Config, *, seed: int, name: str, command: str
) -> Manifest:
    """The manifest without version, parity, golden vectors and files."""
    return Manifest(
        format_version=FORMAT_VERSION,
        name=name,
        version=0,
        created=f"{rows.kick_off[-1].astype('datetime64[s]')}Z",
        checksum="",
        files={},
        feature_names=list(FEATURE_NAMES),
        feature_hash=FEATURE_HASH,
        training_sha256=rows.digest(),
        rows=len(rows),
        seasons=rows.seasons(),
        competitions=sorted(set(rows.competition.tolist())),
        config=config.name,
        settings=msgspec.to_builtins(config),
        seed=seed,
        command=command,
        libraries=_libraries(),
        parity=0.0,
        metrics=metrics(held_out, seed=seed),
        golden=Golden([], []),
    )


def _sealed(
    draft: Manifest, files: dict[str, bytes], rows: TrainingSet, members: Members, weights: Weights
) -> tuple[Manifest, dict[str, bytes]]:
    """The finished manifest and all files, after the export was compared with the native models."""
    model, columns = assemble(draft, files), Columns(FEATURE_NAMES)
    vectors = columns.before_kick_off(rows.team, rows.market_opening, PHASE_UNKNOWN)
    native = softmax(stack_logits(weights.stack, members.margins(rows.team)))
    gap = float(np.abs(model.kick_off(vectors) - native).max())
    trees = max(members.xgboost.num_boosted_rounds(), members.lightgbm.num_trees() // 3)
    most = max(_LEAST_PARITY_GAP, _PARITY_GAP_A_TREE * trees)
    if not gap <= most:
        raise ModelError(
            f"The exported model differs from the native ones by {gap:.1e} on the training rows; "
            f"more than {most:.0e} is a fault of the export."
        )
    inputs = golden_rows(rows, columns)
    golden = Golden(_with_nulls(inputs), model.forecast(inputs).tolist())
    manifest = msgspec.structs.replace(draft, parity=gap, golden=golden)
    pictures = plots(manifest.metrics)
    files = files | pictures | {CARD: card(manifest, weights, list(pictures)).encode()}
    return with_entries(manifest, files), files


def _with_nulls(vectors: np.ndarray[Any, Any]) -> list[list[float | None]]:
    return [[None if np.isnan(value) else value for value in row] for row in vectors.tolist()]


def _libraries() -> dict[str, str]:
    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = library_version(library)
        except ModuleNotFoundError:
            continue
    return found
