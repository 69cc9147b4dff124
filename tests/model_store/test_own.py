"""A model of somebody else's goes through the store like any other."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import onnx
import pytest

from features import FEATURE_NAMES
from model_store import ModelStore
from model_store.columns import Columns
from model_store.manifest import Golden
from model_store.own import COLUMNS, adopt
from schemas.errors import ModelError
from tests.model_store.conftest import league, vectors_of_every_kind

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[2] / "docs" / "own-model.md"


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of the documentation, run as it stands there."""
    folder = tmp_path_factory.mktemp("own")
    found = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(compile(found[1], str(PAGE), "exec"), {})  # noqa: S102 - our own page
    return folder / "mine.onnx"


@pytest.fixture
def own_store(store: Path, mine: Path, tmp_path: Path) -> ModelStore:
    directory = tmp_path / "models"
    shutil.copytree(store, directory)
    golden = ModelStore(directory).show("default@1").golden
    adopt(mine, "mine", directory, golden)
    return ModelStore(directory)


def _renamed(mine: Path, tmp_path: Path, output: str) -> Path:
    model = onnx.load(mine)
    model.graph.output[0].name = model.graph.node[-1].output[0] = output
    path = tmp_path / "renamed.onnx"
    onnx.save(model, path)
    return path


def test_the_page_says_how_many_columns_there_are() -> None:
    assert f"float32 (n, {len(COLUMNS)})" in PAGE.read_text("utf-8")


def test_the_example_of_the_page_is_verified_and_forecasts(own_store: ModelStore) -> None:
    model = own_store.load("mine@1")
    columns = Columns(FEATURE_NAMES)
    market = np.array([[0.6, 0.25, 0.15]])
    team = np.full((1, columns.teams), np.nan)

    chances = model.predict(columns.before_kick_off(team, market, 2))[0]

    assert own_store.verify("mine@1") == "mine@1"
    assert chances == pytest.approx(np.exp(2 * market[0]) / np.exp(2 * market[0]).sum(), abs=1e-6)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 64, 256])
def test_its_bits_do_not_depend_on_what_is_beside_a_row(own_store: ModelStore, rows: int) -> None:
    vectors = vectors_of_every_kind(league(rows=300))
    alone = own_store.load("mine@1").forecast(vectors)
    fresh = own_store.load("mine@1")

    parts = [fresh.forecast(vectors[at : at + rows]) for at in range(0, len(vectors), rows)]

    assert np.concatenate(parts).tobytes() == alone.tobytes()
    assert np.isfinite(alone).all()


def test_without_forecasts_out_of_fold_it_passes_no_gate(own_store: ModelStore) -> None:
    verdicts = {verdict.gate: verdict for verdict in own_store.judge("mine@1")}

    assert verdicts["golden vectors"].passed
    assert not verdicts["absolute"].passed
    assert "out of fold" in verdicts["absolute"].words


def test_its_own_forecasts_out_of_fold_are_judged(store: Path, mine: Path, tmp_path: Path) -> None:
    golden = ModelStore(store).show("default@1").golden
    told = store / "default" / "1" / "held_out.json"

    adopt(mine, "mine", tmp_path, golden, held_out=told)

    verdicts = {v.gate: v.passed for v in ModelStore(tmp_path).judge("mine@1")}
    assert set(verdicts) >= {"absolute", "champion", "calibration", "slices"}
    assert ModelStore(tmp_path).show("mine@1").metrics.forecasters["own"].rows > 0


def test_a_flipped_bit_of_it_is_refused_by_name(own_store: ModelStore, tmp_path: Path) -> None:
    path = tmp_path / "models" / "mine" / "1" / "model.onnx"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)

    with pytest.raises(ModelError, match=r"model\.onnx does not match"):
        own_store.load("mine@1")


def test_a_model_with_another_output_is_refused_and_nothing_is_left(
    store: Path, mine: Path, tmp_path: Path
) -> None:
    golden = ModelStore(store).show("default@1").golden
    renamed = _renamed(mine, tmp_path, "chances")

    with pytest.raises(ModelError, match="probabilities"):
        adopt(renamed, "mine", tmp_path / "models", golden)

    assert not (tmp_path / "models").exists()


def test_a_model_that_says_nan_where_a_column_is_unknown_is_refused(
    mine: Path, tmp_path: Path
) -> None:
    model = onnx.load(mine)
    model.graph.node[2].input[0] = "features"
    onnx.save(model, tmp_path / "naive.onnx")
    vector: list[float | None] = [None] * len(FEATURE_NAMES)

    with pytest.raises(ModelError, match="does not give probabilities"):
        adopt(tmp_path / "naive.onnx", "mine", tmp_path, Golden([vector], []))


def test_where_it_has_no_answer_only_that_row_has_none(mine: Path, tmp_path: Path) -> None:
    model = onnx.load(mine)
    model.graph.node[2].input[0] = "features"
    onnx.save(model, tmp_path / "naive.onnx")
    whole = np.nan_to_num(vectors_of_every_kind(league(rows=100)), nan=1 / 3)
    adopt(tmp_path / "naive.onnx", "mine", tmp_path, Golden(whole[:3].tolist(), []))
    holed = whole.copy()
    holed[::4, 0] = np.nan

    forecasts = ModelStore(tmp_path).load("mine@1").forecast(holed)

    finished = holed[:, Columns(FEATURE_NAMES).finished] > 0
    answered = np.isfinite(forecasts).all(axis=1)
    expected = finished | (np.arange(len(holed)) % 4 > 0)
    assert answered.tolist() == expected.tolist()


def _branching(model: onnx.ModelProto) -> None:
    """Whatever its condition, it answers from a graph within an operator."""
    answer = onnx.helper.make_tensor_value_info("chances", onnx.TensorProto.FLOAT, [None, 3])
    branch = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["probabilities_before"], ["chances"])],
        *("branch", [], [answer]),
    )
    model.graph.node[-1].output[0] = "probabilities_before"
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones((), dtype=bool), "always"))
    node = onnx.helper.make_node(
        "If", ["always"], ["probabilities"], then_branch=branch, else_branch=branch
    )
    model.graph.node.append(node)


def _data_from_outside(model: onnx.ModelProto) -> None:
    """A constant that is a node, not an initializer, and lies in another file."""
    tensor = onnx.numpy_helper.from_array(np.zeros(1, np.float32), "nought")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="secret.bin")
    kept = [each for each in model.graph.initializer if each.name != "nought"]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    model.graph.node.insert(0, onnx.helper.make_node("Constant", [], ["nought"], value=tensor))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_branching, r"graphs within operators \(If\)"),
        (_data_from_outside, "data from outside the file"),
    ],
)
def test_a_model_that_hides_what_it_does_is_refused(
    store: Path, mine: Path, tmp_path: Path, change: Callable[[onnx.ModelProto], None], said: str
) -> None:
    golden = ModelStore(store).show("default@1").golden
    model = onnx.load(mine)
    change(model)
    (tmp_path / "secret.bin").write_bytes(bytes(4))
    (tmp_path / "hidden.onnx").write_bytes(model.SerializeToString())

    with pytest.raises(ModelError, match=said):
        adopt(tmp_path / "hidden.onnx", "mine", tmp_path / "models", golden)


def test_forecasts_that_name_outcomes_in_another_order_are_refused(
    store: Path, mine: Path, tmp_path: Path
) -> None:
    told = msgspec.json.decode((store / "default" / "1" / "held_out.json").read_bytes())
    told["outcome"] = [2 - outcome for outcome in told["outcome"]]
    told["served"] = [served[::-1] for served in told["served"]]
    (tmp_path / "turned.json").write_bytes(msgspec.json.encode(told))
    directory = tmp_path / "models"
    shutil.copytree(store, directory)
    golden = ModelStore(store).show("default@1").golden
    adopt(mine, "mine", directory, golden, held_out=tmp_path / "turned.json")
    ModelStore(directory).set_alias("champion", "default@1")

    with pytest.raises(ModelError, match="0 home, 1 draw, 2 away"):
        ModelStore(directory).judge("mine@1")


def test_a_file_that_is_no_model_is_refused(store: Path, tmp_path: Path) -> None:
    golden = ModelStore(store).show("default@1").golden
    (tmp_path / "no.onnx").write_bytes(b"\x80\x04pickle")

    with pytest.raises(ModelError, match="is no ONNX model"):
        adopt(tmp_path / "no.onnx", "mine", tmp_path, golden)
    with pytest.raises(ModelError, match="cannot be read"):
        adopt(tmp_path / "missing.onnx", "mine", tmp_path, golden)
