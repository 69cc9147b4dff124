"""Training strictly before, replaying after: the files that an analyst reads."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING

import pytest

from backtest.predictions import COLUMNS

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

SIDES = ("home", "draw", "away")
SEASON = ("--from", "2023-07-01", "--to", "2024-06-30")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def three_seasons(
    tmp_path_factory: pytest.TempPathFactory, write_season: Callable[..., None]
) -> Path:
    folder = tmp_path_factory.mktemp("three")
    for year in (2021, 2022, 2023):
        write_season(folder, year)
    return folder


@pytest.fixture(scope="module")
def trained(sabiscore: Run, three_seasons: Path, models: Path) -> str:
    done = sabiscore("train", "--data", three_seasons, "--until", "2023-07-01", "--models", models)
    assert done.returncode == 0, done.stderr
    return "default@1"


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "predictions.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("odds", ["none", "opening", "closing"])
def test_every_match_of_the_season_is_scored_beside_the_market(
    odds: str, sabiscore: Run, three_seasons: Path, models: Path, trained: str, tmp_path: Path
) -> None:
    done = sabiscore(
        *("backtest", "--data", three_seasons, *SEASON, "--odds", odds),
        *("--model", trained, "--models", models, "--out", tmp_path),
    )

    assert done.returncode == 0, done.stderr
    rows, metrics = rows_of(tmp_path), json.loads((tmp_path / "metrics.json").read_text())
    assert list(rows[0]) == COLUMNS
    assert len(rows) == metrics["matches"] == metrics["leagues"][-1]["n"] == 380
    assert metrics["matches_without_forecast"] == 0
    assert {row["minute"] for row in rows} == {"0"}
    assert all("2023-07-01" <= row["date"] <= "2024-06-30" for row in rows)
    for who in ("p", "market"):
        sums = [sum(float(row[f"{who}_{side}"]) for side in SIDES) for row in rows]
        assert sums == pytest.approx([1.0] * len(rows), abs=1e-8)
    losses = [
        -math.log(float(row[{"H": "p_home", "D": "p_draw", "A": "p_away"}[row["outcome"]]]))
        for row in rows
    ]
    told = metrics["leagues"][-1]["model"]["log_loss"]
    assert sum(losses) / len(losses) == pytest.approx(told["value"], abs=1e-9)
    assert told["low"] < told["value"] < told["high"]


def test_hidden_odds_change_nothing_however_they_stood(
    sabiscore: Run,
    three_seasons: Path,
    models: Path,
    trained: str,
    tmp_path: Path,
    write_season: Callable[..., None],
) -> None:
    other = tmp_path / "other"
    for year in (2021, 2022, 2023):
        write_season(other, year, margin=1.2)
    for name, data in (("a", three_seasons), ("b", other)):
        done = sabiscore(
            *("backtest", "--data", data, *SEASON, "--odds", "none"),
            *("--model", trained, "--models", models, "--out", tmp_path / name),
        )
        assert done.returncode == 0, done.stderr

    chances = [
        [(row["p_home"], row["p_draw"], row["p_away"]) for row in rows_of(tmp_path / name)]
        for name in ("a", "b")
    ]
    assert chances[0] == chances[1]


def test_the_first_model_of_a_store_is_its_champion_and_is_sound(
    sabiscore: Run, models: Path, trained: str
) -> None:
    listed = sabiscore("models", "list", "--json", "--models", models)
    verified = sabiscore("models", "verify", "champion", "--models", models)

    assert json.loads(listed.stdout) == [
        {"label": trained, "aliases": ["champion"], "config": "default"}
    ]
    assert (verified.returncode, verified.stdout) == (0, f"{trained} is sound.\n")


def test_another_process_gives_the_same_bytes_and_every_forecast_it_was_measured_by(
    sabiscore: Run, three_seasons: Path, models: Path, trained: str, tmp_path: Path
) -> None:
    table = tmp_path / "new" / "forecasts.csv"

    done = sabiscore(
        *("train", "--data", three_seasons, "--until", "2023-07-01"),
        *("--models", tmp_path / "again", "--forecasts", table),
    )

    assert done.returncode == 0, done.stderr
    first, again = (
        {file.name: file.read_bytes() for file in (folder / "default" / "1").iterdir()}
        for folder in (models, tmp_path / "again")
    )
    assert trained == "default@1"
    assert first == again
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert {row["season"] for row in rows} == {"2022-23"}
    losses = [-math.log(float(row[f"stack_{row['outcome']}"])) for row in rows]
    told = json.loads(first["manifest.json"])["metrics"]["forecasters"]["stack"]
    assert len(rows) == told["rows"] == 380
    assert sum(losses) / len(losses) == pytest.approx(told["log_loss"]["value"], abs=1e-5)


def test_a_span_without_matches_is_one_sentence(
    sabiscore: Run, three_seasons: Path, models: Path, trained: str, tmp_path: Path
) -> None:
    done = sabiscore(
        *("backtest", "--data", three_seasons, "--from", "1990-01-01", "--to", "1990-12-31"),
        *("--model", trained, "--models", models, "--out", tmp_path),
    )

    assert done.returncode == 1
    assert done.stderr.startswith("sabiscore: ")
    assert "1990-01-01" in done.stderr


def test_too_little_history_is_one_sentence(
    sabiscore: Run, three_seasons: Path, tmp_path: Path
) -> None:
    done = sabiscore(
        "train", "--data", three_seasons, "--until", "2021-12-01", "--models", tmp_path
    )

    assert done.returncode == 1
    assert "season" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
