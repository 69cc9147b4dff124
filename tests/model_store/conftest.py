"""A league made of numbers, and one model trained on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from features import FEATURE_NAMES, TEAM_FEATURES
from model_store import CONFIGS, PLAY_MINUTES, ModelStore, TrainingSet, train
from model_store.columns import Columns
from model_store.config import Boosting, Config, Neural

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from model_store.model import Model

    Floats = np.ndarray


def quiet(_what: str, _share: float) -> None:
    """Take no notice of progress."""


def league(rows: int = 600, seasons: int = 3, seed: int = 0) -> TrainingSet:
    """Matches whose outcome depends on two columns; one value in twenty is missing."""
    rng = np.random.default_rng(seed)
    team = rng.normal(size=(rows, len(TEAM_FEATURES)))
    edge = 0.6 * team[:, 0] + 0.3 * team[:, 1]
    powers = np.exp(np.stack([0.4 + edge, np.zeros(rows), -edge], axis=1))
    market = powers / powers.sum(axis=1, keepdims=True)
    outcome = (rng.random((rows, 1)) > market.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    team[rng.random(team.shape) < 0.05] = np.nan
    opening = market.copy()
    opening[: rows // 10] = np.nan
    goals = _goals(rng, outcome)
    day = np.arange(rows) * 365 * seasons // rows
    return TrainingSet(
        team=team,
        feature_names=TEAM_FEATURES,
        market_opening=opening,
        market_closing=market,
        outcome=outcome.astype(np.int8),
        season=np.array([f"{2020 + number * seasons // rows}" for number in range(rows)]),
        competition=np.array(["E0", "D1"])[np.arange(rows) % 2],
        kick_off=np.datetime64("2020-01-01T15:00:00") + day * np.timedelta64(1, "D"),
        match_id=np.array([f"m{number}" for number in range(rows)]),
        goals=goals,
        play=_play(rng, goals),
    )


def _goals(rng: np.random.Generator, outcome: Floats) -> np.ndarray:
    """Scores that fit the outcomes: the loser has none, one or two."""
    fewer = rng.integers(0, 3, len(outcome))
    margin = rng.integers(1, 3, len(outcome))
    home = fewer + margin * (outcome == 0)
    return np.stack([home, fewer + margin * (outcome == 2)], axis=1).astype(np.int8)


def _play(rng: np.random.Generator, goals: np.ndarray) -> np.ndarray:
    """Each goal at a minute of its own; a red card for home in every tenth match."""
    play = np.zeros((len(goals), len(PLAY_MINUTES), 4), dtype=np.int8)
    for row, side in np.ndindex(goals.shape):
        for _ in range(goals[row, side]):
            play[row, rng.integers(0, len(PLAY_MINUTES) + 1) :, side] += 1
    play[::10, 8:, 2] = 1
    play[1::20] = -1
    return play


def vectors_of_every_kind(training: TrainingSet, seed: int = 1) -> Floats:
    """Rows before kick-off, in play and finished; with no, opening and closing market."""
    rng = np.random.default_rng(seed)
    columns = Columns(FEATURE_NAMES)
    vectors = columns.before_kick_off(training.team, training.market_closing, 2)
    opening = rng.random(len(vectors)) < 0.3
    vectors[opening, columns.phase] = 1
    none = rng.random(len(vectors)) < 0.2
    vectors[none, columns.market], vectors[none, columns.phase] = np.nan, 0
    live = rng.random(len(vectors)) < 0.5
    vectors[live, columns.minute] = rng.integers(0, 96, live.sum())
    vectors[live, columns.home_score : columns.finished] = rng.integers(0, 4, (live.sum(), 4))
    finished = live & (rng.random(len(vectors)) < 0.2)
    vectors[finished, columns.minute], vectors[finished, columns.finished] = 90, 1
    return vectors


@pytest.fixture(scope="session")
def small() -> Config:
    """The default, but quick to fit."""
    return msgspec.structs.replace(
        CONFIGS["default"],
        xgboost=Boosting(rounds=12, rate=0.1, depth=3, fewest_rows=5),
        lightgbm=Boosting(rounds=12, rate=0.1, leaves=5, fewest_rows=10),
        network=Neural(hidden=(4,), epochs=4, ridge=1.0, rate=0.01, seeds=2),
    )


@pytest.fixture(scope="session")
def fit(small: Config) -> Callable[[TrainingSet, Path], Path]:
    """Trains quickly, with the configuration called default made small."""

    def fit_into(training: TrainingSet, directory: Path) -> Path:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(CONFIGS, "default", small)
            return train(
                training,
                "default",
                seed=7,
                name="default",
                directory=directory,
                command="./run train --until 2023-01-01",
                progress=quiet,
            )

    return fit_into


@pytest.fixture(scope="session")
def store(
    fit: Callable[[TrainingSet, Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A store that holds one trained version; tests that damage it copy it first."""
    directory = tmp_path_factory.mktemp("models")
    fit(league(), directory)
    return directory


@pytest.fixture(scope="session")
def model(store: Path) -> Model:
    """That version, loaded."""
    return ModelStore(store).load("default@1")
