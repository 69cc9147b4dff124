"""A version that was tampered with is refused in words, counted for the alert, and never run."""

from __future__ import annotations

import hashlib
import shutil
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import structlog

import sabiscore
from agents.metrics import REFUSED_MODELS, counted
from commands.settings import settings_from
from model_store import CHAMPION, ModelStore
from model_store.manifest import MANIFEST, FileEntry, decode_manifest, encode_manifest
from schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PICKLE = b"\x80\x04cos\nsystem\n(S'true'\ntR."


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """The command line logs to this test's standard error, which is closed after it."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def version(tmp_path: Path) -> Path:
    """A copy of the shipped champion, to be damaged."""
    shipped = settings_from().models
    name, _, number = ModelStore(shipped).resolve(CHAMPION).partition("@")
    folder = shutil.copytree(shipped / name / number, tmp_path / "damaged" / "1")
    _seal(folder, name="damaged", version=1)
    return folder


def _seal(folder: Path, **changes: Any) -> None:
    """Change the manifest as a forger would: its checksum fits again."""
    manifest = decode_manifest((folder / MANIFEST).read_bytes(), "damaged@1")
    changed = msgspec.structs.replace(manifest, **changes)
    (folder / MANIFEST).write_bytes(encode_manifest(changed))


def _exchange(folder: Path, name: str, raw: bytes, listed: bytes | None = None) -> None:
    """Exchange a file, and its entry in the manifest for that of the bytes *listed*."""
    manifest = decode_manifest((folder / MANIFEST).read_bytes(), "damaged@1")
    told = raw if listed is None else listed
    entry = FileEntry(len(raw), hashlib.sha256(told).hexdigest())
    (folder / name).write_bytes(raw)
    _seal(folder, files={**manifest.files, name: entry})


def _truncated(folder: Path) -> None:
    (folder / "trees.onnx").write_bytes((folder / "trees.onnx").read_bytes()[:-1])


def _bit_flipped(folder: Path) -> None:
    raw = bytearray((folder / "network.json").read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / "network.json").write_bytes(raw)


def _wrong_hash(folder: Path) -> None:
    _exchange(folder, "meta.json", (folder / "meta.json").read_bytes(), b"others")


def _other_features(folder: Path) -> None:
    _seal(folder, feature_hash="0123456789abcdef")


def _a_pickle(folder: Path) -> None:
    _exchange(folder, "trees.onnx", PICKLE)


def _a_way_out(folder: Path) -> None:
    outside = (folder / "meta.json").rename(folder.parents[1] / "meta.json")
    (folder / "meta.json").symlink_to(outside)


def _fewer_golden_outputs(folder: Path) -> None:
    golden = decode_manifest((folder / MANIFEST).read_bytes(), "damaged@1").golden
    _seal(folder, golden=msgspec.structs.replace(golden, outputs=golden.outputs[:2]))


def _ragged_golden_inputs(folder: Path) -> None:
    golden = decode_manifest((folder / MANIFEST).read_bytes(), "damaged@1").golden
    inputs = [golden.inputs[0][:-1], *golden.inputs[1:]]
    _seal(folder, golden=msgspec.structs.replace(golden, inputs=inputs))


def _deeply_nested(folder: Path) -> None:
    _exchange(folder, "meta.json", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


DAMAGES = {
    "fewer golden outputs": (_fewer_golden_outputs, "golden outputs of shape"),
    "ragged golden inputs": (_ragged_golden_inputs, "cannot be put together"),
    "deeply nested": (_deeply_nested, "recursion"),
    "truncated": (_truncated, "bytes, the manifest says"),
    "bit-flipped": (_bit_flipped, "network.json does not match the manifest's sha256"),
    "wrong hash": (_wrong_hash, "meta.json does not match the manifest's sha256"),
    "other features": (_other_features, "manifest.json was made for features 0123456789abcdef"),
    "a pickle": (_a_pickle, "trees.onnx is no ONNX model"),
    "a link out of its folder": (_a_way_out, "meta.json is missing"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_verify_says_which_file_is_wrong_and_the_alert_counts_it(
    name: str,
    version: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage: Callable[[Path], None]
    damage, words = DAMAGES[name]
    store = version.parents[1]
    load, refused = counted(ModelStore(store).load, name), REFUSED_MODELS.labels(name)
    sound = load("damaged@1").label
    counts = [refused._value.get()]
    damage(version)
    argv = ["sabiscore", "models", "verify", "damaged@1", "--models", str(store)]
    monkeypatch.setattr(sys, "argv", argv)

    with pytest.raises(SystemExit) as ended:
        sabiscore.main()
    with pytest.raises(ModelError):
        load("damaged@1")
    counts.append(refused._value.get())

    said = capsys.readouterr().err.strip().splitlines()
    assert (sound, ended.value.code, counts) == ("damaged@1", 1, [0.0, 1.0])
    assert len(said) == 1
    assert said[0].startswith("sabiscore: damaged@1: ")
    assert words in said[0]
