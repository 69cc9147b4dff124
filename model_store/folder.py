"""Writes a version's folder: whole, or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from model_store.manifest import MANIFEST, FileEntry, Manifest, encode_manifest
from model_store.store import versions_of
from schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping


def next_version(directory: Path, name: str) -> int:
    """One more than the newest version of *name* in the store *directory*."""
    return max(versions_of(directory, name), default=0) + 1


def with_entries(manifest: Manifest, files: Mapping[str, bytes]) -> Manifest:
    """The manifest with size and sha256 of each file."""
    entries = {
        name: FileEntry(len(raw), hashlib.sha256(raw).hexdigest()) for name, raw in files.items()
    }
    return msgspec.structs.replace(manifest, files=entries)


def write(directory: Path, manifest: Manifest, files: Mapping[str, bytes]) -> Path:
    """Write beside the store's folders, then rename: a crash leaves no half-made version.

    Raises:
        ModelError: When it cannot be written.
    """
    folder = directory / manifest.name / str(manifest.version)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=".making-", dir=directory))
        try:
            for name, raw in {**files, MANIFEST: encode_manifest(manifest)}.items():
                _write_durably(making / name, raw)
            making.chmod(0o755)
            making.rename(folder)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
    except OSError as error:
        raise ModelError(f"{folder} cannot be written: {error.strerror or error}.") from error
    return folder


def _write_durably(path: Path, raw: bytes) -> None:
    with path.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
