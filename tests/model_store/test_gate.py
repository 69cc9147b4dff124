from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from model_store import CHAMPION, FORMER, ModelStore
from model_store.checked_files import load_held_out
from model_store.gate import Limits, judge
from model_store.held_out import HeldOut, decode_held_out, encode_held_out
from schemas.errors import ModelError
from tests.model_store.conftest import league

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from model_store import TrainingSet
    from model_store.model import Model

# A clock that ticks a microsecond a look: no gate may hang on how busy the machine is.
LIMITS = Limits(fewest_common=100)


def _judged(
    model: Model, held_out: HeldOut, champion: HeldOut | None, limits: Limits = LIMITS
) -> dict[str, bool]:
    clock = map((1e-6).__mul__, itertools.count())
    verdicts = judge(model, held_out, champion, limits=limits, clock=lambda: next(clock))
    return {verdict.gate: verdict.passed for verdict in verdicts}


@pytest.fixture
def held_out(store: Path) -> HeldOut:
    return load_held_out(store / "default" / "1")


def _served(held_out: HeldOut, change: Callable[[np.ndarray], np.ndarray]) -> HeldOut:
    made = change(held_out.array())
    made = np.rint(1e6 * made / made.sum(axis=1, keepdims=True)).astype(int)
    return msgspec.structs.replace(held_out, served=[tuple(row) for row in made.tolist()])


def _failed(verdicts: dict[str, bool]) -> set[str]:
    return {gate for gate, passed in verdicts.items() if not passed}


def test_a_sound_model_passes_every_gate_beside_its_equal(model: Model, held_out: HeldOut) -> None:
    verdicts = _judged(model, held_out, held_out)

    assert verdicts == dict.fromkeys(
        ["golden vectors", "absolute", "champion", "calibration", "slices", "latency"], True
    )


def test_forecasts_that_know_nothing_fail_the_absolute_gate(
    model: Model, held_out: HeldOut
) -> None:
    ignorant = _served(held_out, lambda made: np.broadcast_to(made.mean(axis=0), made.shape))

    assert "absolute" in _failed(_judged(model, ignorant, None))


def test_a_model_that_is_worse_than_the_champion_on_the_same_matches_fails(
    model: Model, held_out: HeldOut
) -> None:
    better = _served(held_out, lambda made: made * (1 + 0.2 * np.eye(3)[held_out.outcome]))

    assert _failed(_judged(model, held_out, better)) == {"champion", "slices"}


def test_models_without_common_matches_are_not_compared_and_not_promoted(
    model: Model, held_out: HeldOut
) -> None:
    renamed = [f"other-{match_id}" for match_id in held_out.match_id]
    stranger = msgspec.structs.replace(held_out, match_id=renamed)

    assert _failed(_judged(model, held_out, stranger)) == {"champion"}


def test_forecasts_that_are_too_sure_fail_calibration(model: Model, held_out: HeldOut) -> None:
    sure = _served(held_out, lambda made: made**2.5)

    assert "calibration" in _failed(_judged(model, sure, None))


def test_a_model_that_fails_in_one_league_fails_though_it_is_better_on_the_whole(
    model: Model, held_out: HeldOut
) -> None:
    happened, one = np.eye(3)[held_out.outcome], held_out.leagues() == held_out.competition[0]

    champion = _served(held_out, lambda made: made * (1 + 0.3 * happened * one[:, None]))
    candidate = _served(held_out, lambda made: made * (1 + 0.6 * happened * ~one[:, None]))

    failed = _failed(_judged(model, candidate, champion))

    assert "slices" in failed
    assert "champion" not in failed


def test_a_model_that_is_too_slow_fails(model: Model, held_out: HeldOut) -> None:
    hasty = msgspec.structs.replace(LIMITS, one_row_us=0.5)

    assert _failed(_judged(model, held_out, None, hasty)) == {"latency"}


def test_a_model_that_computes_something_else_fails_its_golden_vectors(
    model: Model, held_out: HeldOut
) -> None:
    manifest = model.manifest
    golden = msgspec.structs.replace(
        manifest.golden, outputs=[[0.1] * 7 for _ in manifest.golden.outputs]
    )
    model.manifest = msgspec.structs.replace(manifest, golden=golden)

    verdicts = _judged(model, held_out, None)
    model.manifest = manifest

    assert _failed(verdicts) == {"golden vectors"}


@pytest.mark.parametrize(
    "change",
    [{"match_id": []}, {"outcome": [3]}, {"served": [(1, 2, 3)]}],
    ids=["no match", "no outcome", "columns of two lengths"],
)
def test_held_out_forecasts_that_are_none_are_refused(
    held_out: HeldOut, change: dict[str, list[object]]
) -> None:
    raw = encode_held_out(msgspec.structs.replace(held_out, **change))

    with pytest.raises(ModelError, match=r"default@1: held_out\.json"):
        decode_held_out(raw, "default@1")


@pytest.fixture
def two(store: Path, fit: Callable[[TrainingSet, Path], Path], tmp_path: Path) -> ModelStore:
    """A store with default@1, the champion, and default@2."""
    shutil.copytree(store, tmp_path / "models")
    fit(league(), tmp_path / "models")
    made = ModelStore(tmp_path / "models")
    made.promote("default@1")
    return made


def test_a_promotion_remembers_the_champion_before_and_a_rollback_returns_to_it(
    two: ModelStore,
) -> None:
    two.promote("default@2")
    promoted = two.aliases()

    back = two.roll_back()

    assert promoted == {CHAMPION: "default@2", FORMER: "default@1"}
    assert back == "default@1"
    assert two.aliases() == {CHAMPION: "default@1", FORMER: "default@2"}


def test_there_is_no_way_back_from_the_first_champion(two: ModelStore) -> None:
    with pytest.raises(ModelError, match="no former champion"):
        two.roll_back()


def test_a_former_champion_that_was_damaged_is_not_returned_to(
    two: ModelStore, tmp_path: Path
) -> None:
    two.promote("default@2")
    (tmp_path / "models" / "default" / "1" / "trees.onnx").write_bytes(b"gone")

    with pytest.raises(ModelError, match=r"default@1: trees\.onnx has 4 bytes"):
        two.roll_back()

    assert two.aliases()[CHAMPION] == "default@2"


def test_the_store_judges_a_version_beside_its_champion(two: ModelStore) -> None:
    verdicts = two.judge("default@2", limits=LIMITS)

    assert [verdict.passed for verdict in verdicts if verdict.gate == "champion"] == [True]
    assert "+0.00000" in next(verdict.words for verdict in verdicts if verdict.gate == "champion")
