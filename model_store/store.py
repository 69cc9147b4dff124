"""A folder of models: ``<store>/<name>/<version>/``, and names for some of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from features import FEATURE_HASH
from model_store.checked_files import load_held_out
from model_store.manifest import MANIFEST, Manifest, check_name, decode_manifest
from schemas.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from model_store.gate import Limits, Verdict
    from model_store.model import Model

CHAMPION, CHALLENGER, FORMER = "champion", "challenger", "former"
_ALIASES = "aliases.json"


class ModelStore:
    """Finds, verifies and loads the versions below *directory*."""

    def __init__(self, directory: Path, *, feature_hash: str = FEATURE_HASH) -> None:
        self._directory = directory
        self._feature_hash = feature_hash

    def load(self, reference: str) -> Model:
        """The verified model that an alias, a name (its newest version) or ``name@version`` means.

        Raises:
            ModelError: When there is none, or it fails a check.
        """
        # Who only looks at figures never loads what runs a model: 1.5 s and 150 MB.
        from model_store.verify import load_verified  # noqa: PLC0415

        return load_verified(self._folder(self.resolve(reference)), self._feature_hash)

    def verify(self, reference: str) -> str:
        """Run every check, golden vectors included, and return the label.

        Raises:
            ModelError: When one fails; says which.
        """
        return self.load(reference).label

    def resolve(self, reference: str) -> str:
        """The ``name@version`` that *reference* stands for.

        Raises:
            ModelError: When there is no such model.
        """
        reference = self.aliases().get(reference, reference)
        name, at, version = reference.partition("@")
        versions = self._versions(check_name(name))
        if not at and versions:
            return f"{name}@{versions[-1]}"
        if not at or version not in map(str, versions):
            raise ModelError(
                f"There is no model {reference} in {self._directory}. "
                f"It holds: {', '.join(self.labels()) or 'none; run `sabiscore train`'}."
            )
        return reference

    def labels(self) -> list[str]:
        """Every ``name@version``, by name and then version."""
        if not self._directory.is_dir():
            return []
        names = sorted(path.name for path in self._directory.iterdir() if path.is_dir())
        return [f"{name}@{version}" for name in names for version in self._versions(name)]

    def show(self, reference: str) -> Manifest:
        """The manifest of a model, read but not verified further.

        Raises:
            ModelError: When there is no such model or its manifest cannot be read.
        """
        label = self.resolve(reference)
        path = self._folder(label) / MANIFEST
        try:
            return decode_manifest(path.read_bytes(), label)
        except OSError as error:
            raise ModelError(f"{label}: {MANIFEST} cannot be read: {error.strerror}.") from error

    def aliases(self) -> dict[str, str]:
        """What each alias stands for, such as ``{"champion": "default@1"}``.

        Raises:
            ModelError: When the file of aliases cannot be read.
        """
        path = self._directory / _ALIASES
        try:
            return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
            raise ModelError(f"{path} cannot be read: {error}.") from error

    def set_alias(self, alias: str, reference: str) -> str:
        """Let *alias* stand for a model from now on; returns its label.

        Raises:
            ModelError: When there is no such model or the alias is no name.
        """
        label = self.resolve(reference)
        aliases = {**self.aliases(), check_name(alias): label}
        raw = msgspec.json.format(msgspec.json.encode(dict(sorted(aliases.items()))), indent=1)
        write_whole(self._directory / _ALIASES, raw + b"\n")
        return label

    def judge(self, reference: str, *, limits: Limits | None = None) -> list[Verdict]:
        """Pass a model through every gate, beside the champion where there is another one.

        Raises:
            ModelError: When it cannot even be loaded, or either's forecasts cannot be read.
        """
        from model_store.gate import judge  # noqa: PLC0415 - it runs models, as above

        label = self.resolve(reference)
        champion = self.aliases().get(CHAMPION)
        beside = None
        if champion is not None and champion != label:
            beside = load_held_out(self._folder(champion))
        mine = load_held_out(self._folder(label))
        return judge(self.load(label), mine, beside, limits=limits)

    def promote(self, reference: str) -> str:
        """Let a model be the champion, and remember the one before it; returns its label.

        Raises:
            ModelError: When there is no such model.
        """
        label, before = self.resolve(reference), self.aliases().get(CHAMPION)
        if before is not None and before != label:
            self.set_alias(FORMER, before)
        return self.set_alias(CHAMPION, label)

    def roll_back(self) -> str:
        """Let the champion before this one be champion again; returns its label.

        Raises:
            ModelError: When none is remembered, or it fails a check.
        """
        aliases = self.aliases()
        if FORMER not in aliases:
            raise ModelError("There is no former champion to go back to; promote a model by name.")
        label = self.verify(aliases[FORMER])
        now = aliases.get(CHAMPION, label)
        self.set_alias(CHAMPION, label)
        self.set_alias(FORMER, now)
        return label

    def _versions(self, name: str) -> list[int]:
        return versions_of(self._directory, name)

    def _folder(self, label: str) -> Path:
        name, _, version = label.partition("@")
        return self._directory / name / version


def versions_of(directory: Path, name: str) -> list[int]:
    """The versions of *name* that are in the store, in order."""
    folder = directory / name
    if not folder.is_dir():
        return []
    found = (path.name for path in folder.iterdir() if (path / MANIFEST).exists())
    return sorted(int(number) for number in found if number.isascii() and number.isdigit())


def write_whole(path: Path, raw: bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one, never a part."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
