from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from producers.football_data import matches, read
from schemas.errors import FeedError
from tests.producers.tables import ROW, row, unexpected, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from schemas.errors import RowError


def test_the_folder_may_be_the_sites_or_any_of_the_two_below(tmp_path: Path) -> None:
    write(tmp_path / "football-data.co.uk", ROW)
    site = tmp_path / "football-data.co.uk"

    for folder in (tmp_path, site, site / "mmz4281", site / "mmz4281" / "2425"):
        assert len(matches(folder, report=unexpected)) == 1


def test_a_file_alone_has_its_season_from_its_folder_or_its_name(tmp_path: Path) -> None:
    laid_out = write(tmp_path, ROW)
    alone = tmp_path / "E0_2024-25.csv.gz"
    alone.write_bytes(gzip.compress(laid_out.read_bytes()))

    assert matches(laid_out, report=unexpected) == matches(alone, report=unexpected)


def test_files_named_by_season_count_where_there_are_no_season_folders(tmp_path: Path) -> None:
    text = write(tmp_path / "site", ROW).read_text()
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "E0_2024-25.csv").write_text(text)
    (tmp_path / "loose" / "notes.csv").write_text("a,b\n")

    assert len(matches(tmp_path / "loose", report=unexpected)) == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "nowhere", "does not exist"),
        (lambda folder: folder, "no season's csv file"),
        (lambda folder: folder / ("x" * 300), "x"),
    ],
    ids=["missing", "empty", "too long a name"],
)
def test_a_source_without_files_says_what_is_expected(
    tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    with pytest.raises(FeedError, match=words):
        read(make(tmp_path), report=unexpected)


def test_the_expected_layout_stands_in_the_sentence(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"mmz4281/<season>/<division>\.csv"):
        read(tmp_path, report=unexpected)


def test_a_file_of_no_known_season_says_so(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("Div\n")

    with pytest.raises(FeedError, match=r"season of .* is unknown"):
        read(path, report=unexpected)


def test_only_the_seasons_and_divisions_wanted_are_read(tmp_path: Path) -> None:
    write(tmp_path, ROW)
    write(tmp_path, row(Date="20/01/2024"), season="2324")
    write(tmp_path, row(Div="E1"), division="E1")

    one = matches(tmp_path, seasons=["2024-25"], divisions=["E0"], report=unexpected)
    other = matches(tmp_path, seasons=["2324"], report=unexpected)

    assert [match.match_id for match in one] == ["e0-2024-25-leicester-fulham-1"]
    assert [match.season for match in other] == ["2023-24"]


def test_wanting_what_is_not_there_says_what_is(tmp_path: Path) -> None:
    write(tmp_path, ROW)

    with pytest.raises(FeedError, match="only 2425/e0"):
        matches(tmp_path, seasons=["2019-20"], report=unexpected)
    with pytest.raises(FeedError, match="no season"):
        matches(tmp_path, seasons=["2019-21"], report=unexpected)


def test_a_division_in_no_pool_is_reported_once_and_the_others_go_on(tmp_path: Path) -> None:
    write(tmp_path, ROW)
    write(tmp_path, row(Div="XX1"), row(Div="XX1", HomeTeam="Arsenal"), division="XX1")
    errors: list[RowError] = []

    pools = {event.partitionkey for event in read(tmp_path, report=errors.append)}

    assert pools == {"england"}
    assert ["table of competitions" in error.reason for error in errors] == [True]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no column"),
        (b"<!DOCTYPE html>\n<p>Not found</p>\n", "no column"),
        (b"Div,Date,Elsewhere\n", "HomeTeam"),
        (gzip.compress(b"Div,Date" * 100)[:-20], "cannot be read"),
    ],
    ids=["empty", "a web page", "other columns", "cut off"],
)
def test_a_file_that_is_no_results_file_is_reported_and_the_others_go_on(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    write(tmp_path, ROW)
    write(tmp_path, division="E1").write_bytes(content)
    errors: list[RowError] = []

    found = matches(tmp_path, report=errors.append)

    assert len(found) == 1
    assert [(error.file, error.line) for error in errors] == [("mmz4281/2425/E1.csv", 1)]
    assert reason in errors[0].reason


def test_a_second_copy_of_a_season_is_reported_and_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, ROW)
    path.with_name("E0.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    errors: list[RowError] = []

    found = matches(tmp_path, report=errors.append)

    assert len(found) == 1
    assert ["second copy" in error.reason for error in errors] == [True]
