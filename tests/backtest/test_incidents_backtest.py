"""The in-play backtest from outside: every row against the files it was made from."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from backtest.predictions import COLUMNS
from commands.settings import settings_from
from producers.simulate.fixture_list import pairings
from producers.simulate.play import Played, play
from schemas.slugs import slug
from tests.producers.incident_files import write_incidents

if TYPE_CHECKING:
    from pathlib import Path

MARKS = (0, 15, 30, 45, 60, 75, 90)
SIDES = {"home": "H", "away": "A"}
KINDS = {"goal": "G", "yellow": "Y", "red": "R"}
SHORT = 17
"""The match of the second season whose incidents lack a goal."""


@pytest.fixture(scope="module")
def league() -> list[Played]:
    return [play(3, pairing) for pairing in pairings(3, dt.date(2022, 8, 5), seasons=2)]


@pytest.fixture(scope="module")
def backtest(league: list[Played], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a backtest of the second season wrote."""
    folder = tmp_path_factory.mktemp("incidents")
    matches, incidents = [], []
    for number, played in enumerate(league):
        row = played.row
        assert row.result is not None
        start = row.season[:4]
        teams = f"{slug(row.home)},{slug(row.away)}"
        goals = f"{row.result.home},{row.result.away}"
        if number == 380 + SHORT:
            goals = "9,9"
        matches.append(f"{number},E0,{start},{row.date},{teams},{goals}")
        incidents += [
            f"{number},{one.minute},0,{KINDS[one.kind]},{SIDES[one.side]}"
            for one in played.incidents
        ]
    write_incidents(folder, *matches, incidents=tuple(incidents))
    words = ["backtest", "--feed", "incidents", "--data", folder, "--odds", "none"]
    span = ["--from", "2023-07-01", "--to", "2024-06-30", "--out", folder / "out"]
    done = subprocess.run(
        [sys.executable, "-m", "sabiscore", *map(str, words), *map(str, span)],
        env={**os.environ, "SABISCORE_MODELS": str(settings_from().models)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return folder / "out"


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "predictions.csv").open() as file:
        return list(csv.DictReader(file))


def test_every_scored_minute_has_the_score_after_all_goals_up_to_it(
    backtest: Path, league: list[Played]
) -> None:
    played = {
        (str(one.row.date), slug(one.row.home), slug(one.row.away)): one for one in league[380:]
    }
    short = league[380 + SHORT]

    rows = rows_of(backtest)

    assert list(rows[0]) == COLUMNS
    assert len(rows) == 379 * len(MARKS) + 1
    for row in rows:
        one = played[row["date"], row["home"], row["away"]]
        if one is short:
            assert row["minute"] == "0"
            continue
        goals = [i.side for i in one.incidents if i.is_goal and i.minute <= int(row["minute"])]
        told = int(row["home_score"]), int(row["away_score"])
        assert told == (goals.count("home"), goals.count("away"))
        assert row["outcome"] == one.row.outcome
        assert row["market_home"] == ""


def test_forecasts_get_better_by_the_minute_and_the_figures_say_so(backtest: Path) -> None:
    metrics = json.loads((backtest / "metrics.json").read_text())

    at = {one["minute"]: one["leagues"][-1] for one in metrics["minutes"]}
    assert tuple(at) == MARKS
    assert metrics["leagues"] == metrics["minutes"][0]["leagues"]
    assert (at[0]["n"], at[15]["n"]) == (380, 379)
    assert metrics["matches_told_by_minute"] == 379
    assert metrics["rows_unread"] == 1
    scores = [at[minute]["model"]["rps"]["value"] for minute in MARKS]
    assert scores == sorted(scores, reverse=True)
