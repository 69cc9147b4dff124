"""What the real files hold, counted and scored once by other means."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from producers.football_data import matches, read
from schemas.events import MatchFinished, MatchPeriod, OddsChanged
from tests.producers.tables import unexpected

if TYPE_CHECKING:
    from pathlib import Path

    from producers.match_rows import MatchRow


@pytest.fixture(scope="module")
def every_match(data_dir: Path) -> list[MatchRow]:
    return matches(data_dir, report=unexpected)


@pytest.fixture(scope="session")
def raw_dir(data_dir: Path) -> Path:
    folder = data_dir.parent / "raw"
    if not folder.is_dir():
        pytest.skip(f"needs the untouched files in {folder}")
    return folder


def test_every_league_played_its_seasons_but_france_stopped_in_2020(
    every_match: list[MatchRow],
) -> None:
    counts = Counter((match.competition, match.season) for match in every_match)

    assert {season: counts["d1", season] for _, season in counts} == dict.fromkeys(
        {season for _, season in counts}, 306
    )
    assert counts["f1", "2019-20"] == 279
    assert counts["f1", "2022-23"] == 380
    assert counts["f1", "2023-24"] == counts["f1", "2024-25"] == 306
    assert all(
        count == 380 for (league, _), count in counts.items() if league in {"e0", "i1", "sp1"}
    )
    assert sum(match.season == "2024-25" for match in every_match) == 1_752
    assert len(every_match) == len({match.match_id for match in every_match}) == 10_707


def test_nearly_every_match_has_both_markets(every_match: list[MatchRow]) -> None:
    opening = sum(match.avg_opening is not None for match in every_match)
    closing = sum(match.avg_closing is not None for match in every_match)

    assert (opening, closing) == (10_706, 10_707)


@pytest.mark.parametrize(("phase", "expected"), [("opening", 0.9640), ("closing", 0.9608)])
def test_the_market_of_2024_25_scores_as_is_known_of_it(
    every_match: list[MatchRow], phase: str, expected: float
) -> None:
    losses = []
    for match in every_match:
        prices = getattr(match, f"avg_{phase}")
        if match.season == "2024-25" and match.outcome is not None:
            losses.append(-math.log(prices.probabilities()["HDA".index(match.outcome)]))

    assert sum(losses) / len(losses) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("name", "count", "half_times", "closing"),
    [
        ("E0_2005-06.csv.gz", 380, 0, None),
        ("E0_2014-15.csv.gz", 380, 0, "ps"),
        ("E0_2019-20.csv.gz", 380, 380, "avg"),
        ("E0_2022-23.csv.gz", 380, 380, "avg"),
        ("E0_2023-24.csv.gz", 160, 160, "avg"),
    ],
)
def test_untouched_files_of_five_generations_are_read_to_the_last_row(
    raw_dir: Path, name: str, count: int, half_times: int, closing: str | None
) -> None:
    found = list(read(raw_dir / name, report=unexpected))

    odds = Counter(
        (event.data.phase.value, event.data.bookmaker)
        for event in found
        if isinstance(event, OddsChanged)
    )
    assert sum(isinstance(event, MatchFinished) for event in found) == count
    assert sum(isinstance(event, MatchPeriod) for event in found) == half_times
    assert odds["opening", "avg"] == count
    assert {bookmaker for phase, bookmaker in odds if phase == "closing"} == (
        {closing} if closing else set()
    )


def test_an_untouched_file_tells_the_same_season_as_the_tidied_one(
    raw_dir: Path, every_match: list[MatchRow]
) -> None:
    raw = matches(raw_dir / "E0_2022-23.csv.gz", report=unexpected)

    tidied = [
        match for match in every_match if (match.competition, match.season) == ("e0", "2022-23")
    ]
    assert [(match.match_id, match.kick_off, match.result) for match in raw] == [
        (match.match_id, match.kick_off, match.result) for match in tidied
    ]
