"""Model versions and the accuracy that their manifests publish, read again when they change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from msgspec import Struct

from schemas.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from model_store.held_out import HeldOut
    from model_store.manifest import Manifest

BINS = 10
OUTCOMES = ("home", "draw", "away")
SUMMARISED = ("log_loss", "rps", "accuracy")
LEFT_OUT = ("golden", "metrics")
"""Of a manifest: vectors for machines, and what is told under ``accuracy``."""
_PER_MILLION = 1_000_000
_NAMES = {"league": "competition"}

_log = structlog.get_logger(__name__)


class Bin(Struct, frozen=True):
    """The held-out forecasts of an outcome between *low* and *high*, and how often it happened."""

    outcome: str
    low: float
    high: float
    n: int
    mean_forecast: float
    frequency: float


class Published(Struct, frozen=True):
    """All versions as JSON, ready to be sent."""

    index: bytes
    models: dict[str, bytes]


NOTHING = Published(b'{"champion":null,"models":[]}', {})


class Shelf:
    """What is published of the versions in one folder; reads take what is there at the moment."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._seen: dict[str, int] | None = None
        self.published = NOTHING

    async def run(self, pause_s: float) -> None:
        """Look again and again whether a version or an alias came, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(pause_s)

    async def look(self) -> None:
        """Read the folder if it changed; what cannot be read is logged and left out."""
        if self._folder is None:
            return
        try:
            seen = await asyncio.to_thread(_stamps, self._folder)
            if seen != self._seen:
                self.published = await asyncio.to_thread(read, self._folder)
                self._seen = seen
        except (ModelError, OSError) as error:
            _log.warning("models.unreadable", reason=str(error))


def _stamps(folder: Path) -> dict[str, int]:
    """When each manifest and the aliases were written, in ns."""
    paths = [*folder.glob("*/*/manifest.json"), *folder.glob("aliases.json")]
    return {str(path): path.stat().st_mtime_ns for path in paths}


def read(folder: Path) -> Published:
    """Read every version of a folder.

    Raises:
        ModelError: When the aliases cannot be read.
    """
    # Here, because it loads libraries that a reader of forecasts alone never needs.
    from model_store import ModelStore  # noqa: PLC0415
    from model_store.verify import load_held_out  # noqa: PLC0415

    store = ModelStore(folder)
    aliases = store.aliases()
    rows, models = [], {}
    for label in store.labels():
        try:
            manifest = store.show(label)
            name, _, version = label.partition("@")
            held_out = load_held_out(folder / name / version)
        except ModelError as error:
            _log.warning("models.unreadable", reason=str(error))
            continue
        about = _about(manifest, sorted(a for a, meant in aliases.items() if meant == label))
        rows.append(about | {"metrics": _summary(manifest)})
        models[label] = msgspec.json.encode(about | _in_full(manifest, held_out))
    index = {"champion": aliases.get("champion"), "models": rows}
    return Published(msgspec.json.encode(index), models)


def _about(manifest: Manifest, aliases: list[str]) -> dict[str, Any]:
    return {
        "label": manifest.label,
        "created": manifest.created,
        "aliases": aliases,
        "trained_until": manifest.created,
        "rows": manifest.rows,
        "seasons": manifest.seasons,
        "competitions": manifest.competitions,
    }


def _summary(manifest: Manifest) -> dict[str, Any]:
    """Of every forecaster: how many matches, and the three measures with their intervals."""
    return {
        name: {"rows": scores.rows} | {what: getattr(scores, what) for what in SUMMARISED}
        for name, scores in manifest.metrics.forecasters.items()
    }


def _in_full(manifest: Manifest, held_out: HeldOut) -> dict[str, Any]:
    metrics = msgspec.to_builtins(manifest.metrics)
    accuracy: dict[str, Any] = {"overall": metrics.pop("forecasters")}
    accuracy |= {"by_season": [], "by_competition": [], "by_minute": []}
    for part in metrics.pop("slices"):
        by = part.pop("by")
        accuracy.setdefault(f"by_{_NAMES.get(by, by)}", []).append(part)
    rest = {k: v for k, v in msgspec.to_builtins(manifest).items() if k not in LEFT_OUT}
    return rest | {"accuracy": accuracy | metrics, "calibration": calibration(held_out)}


def calibration(held_out: HeldOut) -> list[Bin]:
    """Tenths of the held-out forecasts by outcome; empty ones are left out."""
    bins = []
    for k, outcome in enumerate(OUTCOMES):
        sums = [[0, 0, 0] for _ in range(BINS)]
        for made, happened in zip(held_out.served, held_out.outcome, strict=True):
            place = min(made[k] * BINS // _PER_MILLION, BINS - 1)
            for i, amount in enumerate((1, made[k], int(happened == k))):
                sums[place][i] += amount
        bins += [
            Bin(outcome, place / BINS, (place + 1) / BINS, n, made / n / _PER_MILLION, happened / n)
            for place, (n, made, happened) in enumerate(sums)
            if n
        ]
    return bins
