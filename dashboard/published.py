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

    from model_store.calibration import Bin
    from model_store.held_out import HeldOut
    from model_store.manifest import Manifest

SUMMARISED = ("log_loss", "rps", "accuracy")
LEFT_OUT = ("golden", "metrics")
"""Of a manifest: vectors for machines, and what is told under ``accuracy``."""
_NAMES = {"league": "competition"}

_log = structlog.get_logger(__name__)


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
    from model_store.checked_files import load_held_out  # noqa: PLC0415

    store = ModelStore(folder)
    aliases = store.aliases()
    rows, models = [], {}
    for label in store.labels():
        try:
            manifest = store.show(label)
            name, _, version = label.partition("@")
            bins = manifest.metrics.calibration or _bins(load_held_out(folder / name / version))
        except ModelError as error:
            _log.warning("models.unreadable", reason=str(error))
            continue
        about = _about(manifest, sorted(a for a, meant in aliases.items() if meant == label))
        rows.append(about | {"metrics": _summary(manifest)})
        models[label] = msgspec.json.encode(about | _in_full(manifest, bins))
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


def _bins(held_out: HeldOut) -> list[Bin]:
    """Calibration of a version made before manifests told it; none where nothing was held out."""
    from model_store import calibration  # noqa: PLC0415 - loads numpy, as above

    return calibration.bins(held_out.array(), held_out.outcomes()) if held_out.match_id else []


def _in_full(manifest: Manifest, bins: list[Bin]) -> dict[str, Any]:
    metrics = msgspec.to_builtins(manifest.metrics)
    del metrics["calibration"]
    accuracy: dict[str, Any] = {"overall": metrics.pop("forecasters")}
    accuracy |= {"by_season": [], "by_competition": [], "by_minute": []}
    for part in metrics.pop("slices"):
        by = part.pop("by")
        accuracy.setdefault(f"by_{_NAMES.get(by, by)}", []).append(part)
    rest = {k: v for k, v in msgspec.to_builtins(manifest).items() if k not in LEFT_OUT}
    return rest | {"accuracy": accuracy | metrics, "calibration": bins}
