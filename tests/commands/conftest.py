"""The command line, run as people run it; and a folder of results to play."""

from __future__ import annotations

import csv
import datetime as dt
import os
import subprocess
import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from producers import simulate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from producers.match_rows import MatchRow

COLUMNS = [
    *("Div", "Date", "Time", "HomeTeam", "AwayTeam", "FTHG", "FTAG", "FTR"),
    *("AvgH", "AvgD", "AvgA", "AvgCH", "AvgCD", "AvgCA"),
]


@pytest.fixture(scope="session")
def sabiscore() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``sabiscore`` with words and a changed environment; wait for its end."""

    def run(*words: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sabiscore", *map(str, words)],
            env={**os.environ, "COLUMNS": "200", **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    return run


@pytest.fixture(scope="session")
def write_season() -> Callable[..., None]:
    """Write a season of a made-up league as football-data.co.uk lays it out."""
    return _write_season


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seasons of a made-up league, laid out as football-data.co.uk lays them out."""
    folder = tmp_path_factory.mktemp("results")
    for year in (2022, 2023):
        _write_season(folder, year)
    return folder


def _write_season(folder: Path, year: int, margin: float = 1.0) -> None:
    season = folder / "mmz4281" / f"{year % 100}{year % 100 + 1}"
    season.mkdir(parents=True)
    rows = simulate.rows(year, start=dt.date(year, 8, 11))
    with (season / "E0.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_line(row, margin) for row in rows)


def _line(row: MatchRow, margin: float) -> list[object]:
    opening, closing = row.avg_opening, row.avg_closing
    assert opening is not None
    assert closing is not None
    at = row.kick_off.astimezone(ZoneInfo("Europe/London"))
    return [
        "E0",
        f"{at:%d/%m/%Y}",
        f"{at:%H:%M}",
        row.home,
        row.away,
        row.home_score,
        row.away_score,
        row.outcome,
        *(margin * price for price in (opening.home, opening.draw, opening.away)),
        *(margin * price for price in (closing.home, closing.draw, closing.away)),
    ]
