from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from features import FEATURE_HASH, FEATURE_NAMES
from model_store import CONFIGS, ModelStore, TrainingSet, train
from model_store.columns import Columns
from model_store.kick_off import Stacked
from model_store.members import fit_members
from model_store.out_of_fold import out_of_fold, seen_by_members
from schemas.errors import ModelError
from tests.model_store.conftest import league, quiet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from model_store.config import Config

    Fit = Callable[[TrainingSet, Path], Path]


def _change(training: TrainingSet, **arrays: object) -> TrainingSet:
    return dataclasses.replace(training, **arrays)  # type: ignore[arg-type]


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_data_and_seed_give_the_same_bytes(fit: Fit, tmp_path: Path) -> None:
    first, second = fit(league(), tmp_path / "a"), fit(league(), tmp_path / "b")

    assert _files(first) == _files(second)


def test_the_order_of_the_rows_does_not_matter(fit: Fit, store: Path, tmp_path: Path) -> None:
    shuffled = league().rows(np.random.default_rng(4).permutation(600))

    folder = fit(shuffled, tmp_path)

    assert _files(folder) == _files(store / "default" / "1")


def test_a_second_training_is_a_second_version(fit: Fit, tmp_path: Path) -> None:
    fit(league(), tmp_path)

    folder = fit(league(seed=1), tmp_path)

    assert folder == tmp_path / "default" / "2"
    assert ModelStore(tmp_path).load("default").label == "default@2"


def test_a_version_says_where_it_comes_from(store: Path) -> None:
    manifest = ModelStore(store).show("default@1")
    card = (store / "default" / "1" / "README.md").read_text()

    assert manifest.seasons == ["2020", "2021", "2022"]
    assert manifest.metrics.seasons == ["2021", "2022"]
    assert (manifest.rows, manifest.feature_hash) == (600, FEATURE_HASH)
    assert manifest.created == "2022-12-29T15:00:00Z"
    assert len(manifest.golden.inputs) >= 16
    assert "    ./run train --until 2023-01-01\n" in card
    assert f"| D1 | {manifest.metrics.leagues['stack']['D1'].rows} |" in card


def test_the_loaded_model_agrees_with_the_native_members_on_rows_it_never_saw(
    store: Path, small: Config
) -> None:
    training, unseen = league(), league(seed=9)
    weight = np.ones(len(training))
    team = seen_by_members(training.in_order(), small)
    members = fit_members(team, training.in_order().outcome, weight, small, seed=7)
    columns, model = Columns(FEATURE_NAMES), ModelStore(store).load("default@1")
    vectors = columns.before_kick_off(unseen.team, np.full((len(unseen), 3), np.nan), 0)

    assert isinstance(model.kick_off, Stacked)
    margins = model.kick_off.margins(vectors)

    np.testing.assert_allclose(margins, members.margins(unseen.team), rtol=0, atol=1e-5)


def test_the_stack_beats_the_base_rates_and_the_pool_comes_near_the_market(store: Path) -> None:
    of = ModelStore(store).show("default@1").metrics.forecasters

    assert of["stack"].log_loss.value < of["base_rates"].log_loss.value - 0.03
    # The market of this league is the truth itself.
    assert of["pool_closing"].log_loss.value < of["market_closing"].log_loss.value + 0.01


def test_no_forecast_out_of_fold_knows_its_own_season_or_a_later_one(small: Config) -> None:
    training = league()
    later = training.season == "2022"
    other = np.where(later, 2 - training.outcome, training.outcome).astype(np.int8)
    before = out_of_fold(training, small, seed=7, progress=quiet)

    after = out_of_fold(_change(training, outcome=other), small, seed=7, progress=quiet)

    for name, forecasts in before.forecasts.items():
        np.testing.assert_array_equal(forecasts, after.forecasts[name], err_msg=name)


def test_refitted_monthly_a_month_is_forecast_from_every_month_before_it_and_no_other(
    small: Config,
) -> None:
    training = league()
    months = training.kick_off.astype("datetime64[M]")
    changed = np.datetime64("2021-06")
    flipped = np.where(months == changed, 2 - training.outcome, training.outcome).astype(np.int8)

    before, after = (
        out_of_fold(rows, small, seed=7, progress=quiet, refit="monthly")
        for rows in (training, _change(training, outcome=flipped))
    )

    held_out = before.rows.kick_off.astype("datetime64[M]")
    same = (before.margins == after.margins).all(axis=1)
    assert len(before.rows) == (training.season != "2020").sum()
    assert same[held_out <= changed].all()
    assert not same[held_out > changed].any()


def test_a_match_played_after_the_next_season_began_is_not_learnt_from(small: Config) -> None:
    training = league()
    # The last ten matches of 2020 are played late, in the middle of 2021.
    late = np.flatnonzero(training.season == "2020")[-10:]
    kick_off = training.kick_off.copy()
    kick_off[late] = np.datetime64("2021-06-01T15:00:00")
    training = _change(training, kick_off=kick_off)
    flipped = training.outcome.copy()
    flipped[late] = (flipped[late] + 1) % 3
    first = training.season == "2021"

    before, after = (
        out_of_fold(rows, small, seed=7, progress=quiet)
        for rows in (training, _change(training, outcome=flipped))
    )

    mine = before.rows.season == "2021"
    assert mine.sum() == first.sum()
    np.testing.assert_array_equal(before.margins[mine], after.margins[mine])


def test_progress_goes_from_nothing_to_all_and_never_back(
    small: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONFIGS, "default", small)
    shares: list[float] = []

    train(
        league(), "default", seed=1, name="x", directory=tmp_path, command="",
        progress=lambda _, share: shares.append(share),
    )  # fmt: skip

    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        (league(400, seasons=1), "at least 2 seasons"),
        (league(40, seasons=2), "at least 60 finished matches; the data hold 40"),
        (league().rows(np.arange(0)), "no match at all"),
        (_change(league(), team=np.zeros((600, 3))), r"team has shape \(600, 3\)"),
        (_change(league(), outcome=np.full(600, 3, np.int8)), "outcome must be 0"),
        (_change(league(), match_id=np.full(600, "m")), "holds a match twice"),
        (_change(league(), market_closing=np.full((600, 3), 0.5)), "sum to 1"),
        (_change(league(), feature_names=("a", "b")), "not the team features"),
    ],
)
def test_data_that_cannot_make_a_model_are_refused_in_a_sentence(
    training: TrainingSet, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=sentence):
        train(training, "default", seed=1, name="x", directory=tmp_path, command="", progress=quiet)

    assert list(tmp_path.iterdir()) == []


def test_a_crash_while_writing_leaves_nothing_half_made(
    fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)

    with pytest.raises(ModelError, match="cannot be written: No space left on device"):
        fit(league(), tmp_path)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert ModelStore(tmp_path).labels() == []


def test_the_published_recipe_with_its_thousand_trees_is_trained_exported_and_served(
    tmp_path: Path,
) -> None:
    rows = league(100, seasons=2)

    train(rows, "seed", seed=1, name="seed", directory=tmp_path, command="", progress=quiet)

    model = ModelStore(tmp_path).load("seed@1")
    assert model.manifest.config == "seed"
    assert model.manifest.parity < 500 * 2**-24
    vectors = Columns(FEATURE_NAMES).before_kick_off(rows.team, rows.market_opening, 1)
    np.testing.assert_allclose(model.predict(vectors).sum(axis=1), 1.0)


def test_an_unknown_configuration_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no configuration 'huge'; choose one of default, seed"):
        train(league(), "huge", seed=1, name="x", directory=tmp_path, command="", progress=quiet)
