from __future__ import annotations

import ast
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import onnx
import pytest

from model_store import ModelStore
from model_store.manifest import FILES, FileEntry, Manifest, decode_manifest, encode_manifest
from schemas.errors import ModelError

VERSION = Path("default", "1")


@pytest.fixture
def damaged(store: Path, tmp_path: Path) -> Path:
    """A copy of the version folder, to be damaged."""
    shutil.copytree(store, tmp_path / "models")
    return tmp_path / "models" / VERSION


def _load(folder: Path, **options: str) -> None:
    ModelStore(folder.parents[1], **options).load("default@1")


def _resealed(folder: Path, **changes: Any) -> None:
    """Change the manifest as a forger would: its checksum fits again."""
    path = folder / "manifest.json"
    manifest = decode_manifest(path.read_bytes(), "default@1")
    path.write_bytes(encode_manifest(msgspec.structs.replace(manifest, **changes)))


def _replaced(folder: Path, name: str, raw: bytes) -> None:
    """Change a file and its entry in the manifest."""
    (folder / name).write_bytes(raw)
    manifest = decode_manifest((folder / "manifest.json").read_bytes(), "default@1")
    entry = FileEntry(len(raw), hashlib.sha256(raw).hexdigest())
    _resealed(folder, files={**manifest.files, name: entry})


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused_by_name(damaged: Path, name: str) -> None:
    path = damaged / name
    path.write_bytes(path.read_bytes()[:-7])

    with pytest.raises(ModelError, match=rf"default@1: {name} has \d+ bytes, the manifest says"):
        _load(damaged)


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_refused_by_name(damaged: Path, name: str) -> None:
    raw = bytearray((damaged / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (damaged / name).write_bytes(raw)

    with pytest.raises(ModelError, match=f"default@1: {name} does not match the manifest's sha256"):
        _load(damaged)


@pytest.mark.parametrize("share", [k / 40 for k in range(40)])
def test_a_flipped_bit_anywhere_in_the_manifest_is_refused(damaged: Path, share: float) -> None:
    path = damaged / "manifest.json"
    raw = bytearray(path.read_bytes())
    place = next(at for at in range(int(share * len(raw)), len(raw)) if raw[at] > ord(" "))
    raw[place] ^= 1
    path.write_bytes(raw)

    with pytest.raises(ModelError, match=r"default@1: manifest\.json"):
        _load(damaged)


@pytest.mark.parametrize(
    "raw", [b"", b"no json", b"[]", b"{}", b"\xff\xfe", b'{"format_version":2}']
)
def test_a_manifest_that_is_none_is_refused(damaged: Path, raw: bytes) -> None:
    (damaged / "manifest.json").write_bytes(raw)

    with pytest.raises(ModelError, match=r"default@1: manifest\.json cannot be read"):
        _load(damaged)


def test_a_manifest_of_a_later_format_is_refused_with_advice(damaged: Path) -> None:
    (damaged / "manifest.json").write_text('{"format_version": 3, "news": true}')

    with pytest.raises(ModelError, match="has format 3, this program reads 2"):
        _load(damaged)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(damaged: Path, name: str) -> None:
    (damaged / name).unlink()

    with pytest.raises(ModelError, match=f"default@1: {name} is missing"):
        _load(damaged)


def test_a_link_out_of_the_folder_is_no_file_of_the_model(damaged: Path, tmp_path: Path) -> None:
    outside = (damaged / "meta.json").rename(tmp_path / "meta.json")
    (damaged / "meta.json").symlink_to(outside)

    with pytest.raises(ModelError, match=r"meta\.json is missing"):
        _load(damaged)


def test_a_manifest_that_points_out_of_the_folder_is_refused(damaged: Path) -> None:
    manifest = decode_manifest((damaged / "manifest.json").read_bytes(), "default@1")
    stolen = {"../../../etc/passwd": manifest.files["meta.json"]}
    _resealed(damaged, files={**manifest.files, **stolen})

    with pytest.raises(ModelError, match="must list exactly"):
        _load(damaged)


@pytest.mark.parametrize(
    "reference", ["../default@1", "default@../1", "default@01", "/etc@1", "a b"]
)
def test_a_reference_cannot_leave_the_store(store: Path, reference: str) -> None:
    with pytest.raises(ModelError):
        ModelStore(store).load(reference)


def test_a_model_of_other_features_is_refused(damaged: Path) -> None:
    with pytest.raises(ModelError, match=r"was made for features .* computes 0123456789abcdef"):
        _load(damaged, feature_hash="0123456789abcdef")


def test_a_model_under_another_name_is_refused(damaged: Path) -> None:
    damaged.rename(damaged.with_name("2"))

    with pytest.raises(ModelError, match=r"default@2: manifest\.json says it is default@1"):
        ModelStore(damaged.parents[1]).load("default@2")


def test_weights_that_were_exchanged_with_their_hashes_fail_the_golden_vectors(
    damaged: Path,
) -> None:
    meta = json.loads((damaged / "meta.json").read_text())
    meta["stack"]["bias"][0] += 1e-6
    _replaced(damaged, "meta.json", json.dumps(meta).encode())

    with pytest.raises(ModelError, match="golden inputs give probabilities that differ"):
        _load(damaged)


@pytest.mark.parametrize(
    ("name", "part", "numbers"),
    [
        ("network.json", "mean", [0.0]),
        ("network.json", "weights", [[[1.0, 2.0], [3.0]]]),
        ("network.json", "weights", []),
        ("network.json", "biases", []),
        ("meta.json", "totals", []),
        ("meta.json", "stack", {"weights": [[1.0, 0.0, 0.0]], "bias": [0.0, 0.0, 0.0]}),
        ("meta.json", "opening", {"stack": 1.0, "market": 0.0, "bias": []}),
        ("meta.json", "fill", {"columns": [70_000], "constant": [0.0], "base": [], "weights": []}),
        ("meta.json", "fill", {"columns": [0], "constant": [], "base": [1], "weights": [[0.0]]}),
    ],
)
def test_numbers_that_do_not_fit_together_are_refused_unread(
    damaged: Path, name: str, part: str, numbers: Any
) -> None:
    changed = json.loads((damaged / name).read_text()) | {part: numbers}
    _replaced(damaged, name, json.dumps(changed).encode())

    with pytest.raises(ModelError, match="must have the shape"):
        _load(damaged)


def test_a_pickle_called_onnx_is_refused_before_it_is_run(damaged: Path) -> None:
    _replaced(damaged, "trees.onnx", b"\x80\x04cos\nsystem\n(S'true'\ntR.")

    with pytest.raises(ModelError, match=r"trees\.onnx"):
        _load(damaged)


def test_operators_from_elsewhere_are_refused(damaged: Path) -> None:
    graph = onnx.load(damaged / "trees.onnx")
    graph.opset_import.append(onnx.helper.make_opsetid("com.example", 1))
    _replaced(damaged, "trees.onnx", graph.SerializeToString())

    with pytest.raises(ModelError, match=r"not standard ONNX \(com.example\)"):
        _load(damaged)


def test_data_outside_the_onnx_file_are_refused(damaged: Path) -> None:
    graph = onnx.load(damaged / "trees.onnx")
    tensor = graph.graph.initializer.add(
        name="far", data_type=onnx.TensorProto.FLOAT, dims=[1],
        data_location=onnx.TensorProto.EXTERNAL,
    )  # fmt: skip
    tensor.external_data.add(key="location", value="../../secret")
    _replaced(damaged, "trees.onnx", graph.SerializeToString())

    with pytest.raises(ModelError, match="data from outside the file"):
        _load(damaged)


def test_a_graph_with_another_output_is_refused(damaged: Path) -> None:
    graph = onnx.load(damaged / "trees.onnx")
    graph.graph.node[0].output[0] = "elsewhere"
    graph.graph.output[0].name = "elsewhere"
    for attribute in graph.graph.node[0].attribute:
        if attribute.name == "n_targets":
            attribute.i = 7
    _replaced(damaged, "trees.onnx", graph.SerializeToString())

    with pytest.raises(ModelError, match=r"trees\.onnx"):
        _load(damaged)


def test_the_champion_is_whoever_the_alias_names(store: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path, dirs_exist_ok=True)
    models = ModelStore(tmp_path)

    label = models.set_alias("champion", "default")

    assert label == "default@1"
    assert models.aliases() == {"champion": "default@1"}
    assert models.load("champion").label == "default@1"
    assert json.loads((tmp_path / "aliases.json").read_text()) == {"champion": "default@1"}


def test_an_alias_cannot_name_a_model_that_is_not_there(store: Path) -> None:
    with pytest.raises(ModelError, match=r"no model default@9 in .*It holds: default@1"):
        ModelStore(store).set_alias("champion", "default@9")

    assert ModelStore(store).aliases() == {}


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="It holds: none; run `sabiscore train`"):
        ModelStore(tmp_path / "nowhere").load("champion")


def test_verify_and_show_and_labels_tell_of_what_is_there(store: Path) -> None:
    models = ModelStore(store)

    assert models.labels() == ["default@1"]
    assert models.verify("default") == "default@1"
    assert isinstance(models.show("default"), Manifest)


def test_nothing_that_serves_can_read_a_pickle() -> None:
    banned = {"pickle", "joblib", "cloudpickle", "dill", "skops", "shelve", "marshal"}
    modules = Path("model_store").glob("*.py")

    imported = {
        name.split(".")[0]
        for module in modules
        for node in ast.walk(ast.parse(module.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert "msgspec" in imported
    assert imported & banned == set()
