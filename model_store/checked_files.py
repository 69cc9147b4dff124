"""Nothing of a version folder is parsed before its bytes are known to be the ones written."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from model_store.held_out import HeldOut, decode_held_out
from model_store.manifest import HELD_OUT, MANIFEST, Manifest, decode_manifest
from schemas.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST_FILE_BYTES = 64 << 20


def label_of(folder: Path) -> str:
    """The ``name@version`` whose folder it is."""
    return f"{folder.parent.name}@{folder.name}"


def manifest_in(folder: Path) -> Manifest:
    """The manifest of the version in *folder*.

    Raises:
        ModelError: When it is missing or cannot be read.
    """
    label = label_of(folder)
    return decode_manifest(_bytes(folder, MANIFEST, label), label)


def load_held_out(folder: Path) -> HeldOut:
    """The out-of-fold forecasts in *folder*, verified.

    Raises:
        ModelError: When they are missing or changed.
    """
    manifest = manifest_in(folder)
    return decode_held_out(checked_bytes(folder, HELD_OUT, manifest), label_of(folder))


def _bytes(folder: Path, name: str, label: str) -> bytes:
    path = folder / name
    if path.is_symlink() or not path.is_file():
        raise ModelError(f"{label}: {name} is missing from {folder}.")
    size = path.stat().st_size
    if size > _LARGEST_FILE_BYTES:
        raise ModelError(f"{label}: {name} has {size} bytes; no model of ours is so large.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{label}: {name} cannot be read: {error.strerror}.") from error


def checked_bytes(folder: Path, name: str, manifest: Manifest) -> bytes:
    """A file of the version in *folder*, its size and sha256 those of the manifest.

    Raises:
        ModelError: When it is missing or another.
    """
    entry = manifest.files.get(name)
    if entry is None:
        raise ModelError(f"{manifest.label}: {MANIFEST} does not list {name}.")
    raw = _bytes(folder, name, manifest.label)
    if len(raw) != entry.size:
        raise ModelError(
            f"{manifest.label}: {name} has {len(raw)} bytes, the manifest says {entry.size}. "
            "Restore the folder or train again."
        )
    if hashlib.sha256(raw).hexdigest() != entry.sha256:
        raise ModelError(
            f"{manifest.label}: {name} does not match the manifest's sha256; it was changed or "
            "damaged. Restore the folder or train again."
        )
    return raw
