from __future__ import annotations

import datetime as dt
import gzip
from typing import TYPE_CHECKING

import pytest

from producers.football_data import matches
from producers.match_rows import Prices, Result
from tests.producers.tables import HEADER, ROW, row, unexpected, write

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.errors import RowError


def _reasons(folder: Path) -> tuple[int, list[RowError]]:
    errors: list[RowError] = []
    return len(matches(folder, report=errors.append)), errors


def test_a_row_gives_teams_scores_and_both_markets(tmp_path: Path) -> None:
    write(tmp_path, ROW)

    [match] = matches(tmp_path, report=unexpected)

    assert match.match_id == "e0-2024-25-leicester-fulham-1"
    assert (match.pool, match.competition, match.season) == ("england", "e0", "2024-25")
    assert (match.home, match.away) == ("Leicester", "Fulham")
    assert match.kick_off == dt.datetime(2025, 1, 18, 15, tzinfo=dt.UTC)
    assert (match.home_score, match.away_score, match.outcome) == (0, 2, "A")
    assert match.half_time == Result(0, 0)
    assert match.avg_opening == Prices(2.6, 3.5, 2.7)
    assert match.avg_closing == Prices(2.75, 3.4, 2.6)
    assert match.statistics is not None
    assert match.statistics.away_shots_on_target == 6


@pytest.mark.parametrize(
    "date", ["18/01/25", "18/01/2025", "18-01-2025", "2025-01-18", "2025-01-18 00:00:00"]
)
def test_a_date_is_the_same_day_in_every_form(tmp_path: Path, date: str) -> None:
    write(tmp_path, row(Date=date))

    [match] = matches(tmp_path, report=unexpected)

    assert match.date == dt.date(2025, 1, 18)


def test_a_short_year_of_the_nineties_lies_in_the_last_century(tmp_path: Path) -> None:
    write(tmp_path, row(Date="15/01/94"), season="9394")
    write(tmp_path, row(Date="15/01/00"), season="9900")

    days = [match.date for match in matches(tmp_path, report=unexpected)]

    assert days == [dt.date(1994, 1, 15), dt.date(2000, 1, 15)]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("20:00", dt.time(20)),
        ("20:00:00", dt.time(20)),
        ("20", dt.time(20)),
        ("20.0", dt.time(20)),
        ("19.45", dt.time(19, 45)),
        ("12.3", dt.time(12, 30)),
        ("9:05", dt.time(9, 5)),
    ],
)
def test_a_time_that_went_through_excel_is_the_same_time(
    tmp_path: Path, time: str, expected: dt.time
) -> None:
    write(tmp_path, row(Time=time))

    [match] = matches(tmp_path, report=unexpected)

    assert match.kick_off.time() == expected
    assert match.time_known


def test_a_kick_off_in_summer_is_an_hour_earlier_in_utc(tmp_path: Path) -> None:
    write(tmp_path, row(Date="17/08/2024", Time="15:00"))

    [match] = matches(tmp_path, report=unexpected)

    assert match.kick_off == dt.datetime(2024, 8, 17, 14, tzinfo=dt.UTC)


def test_a_match_without_a_time_kicks_off_at_three(tmp_path: Path) -> None:
    write(tmp_path, row(Time=""))

    [match] = matches(tmp_path, report=unexpected)

    assert match.kick_off == dt.datetime(2025, 1, 18, 15, tzinfo=dt.UTC)
    assert not match.time_known


def test_whole_numbers_may_have_gone_through_excel(tmp_path: Path) -> None:
    write(tmp_path, row(FTHG="1.0", FTAG="2.", HTHG="0.0", HS="9.00"))

    [match] = matches(tmp_path, report=unexpected)

    assert match.result == Result(1, 2)
    assert match.statistics is not None
    assert match.statistics.home_shots == 9


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = write(tmp_path, ROW)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert len(matches(tmp_path, report=unexpected)) == 1


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_latin_1_bytes_are_letters(tmp_path: Path, mark: bytes) -> None:
    path = write(tmp_path, row(HomeTeam="Alavés"))
    path.write_bytes(mark + path.read_text("utf-8").encode("latin-1"))

    [match] = matches(tmp_path, report=unexpected)

    assert match.home == "Alavés"
    assert match.match_id == "e0-2024-25-alaves-fulham-1"


def test_utf_8_bytes_are_letters_too(tmp_path: Path) -> None:
    write(tmp_path, row(HomeTeam="Alavés"))

    [match] = matches(tmp_path, report=unexpected)

    assert match.home == "Alavés"


def test_teams_may_stand_under_ht_and_at(tmp_path: Path) -> None:
    header = HEADER.replace("HomeTeam", "HT").replace("AwayTeam", "AT")
    write(tmp_path, ROW, header=header)

    [match] = matches(tmp_path, report=unexpected)

    assert (match.home, match.away) == ("Leicester", "Fulham")


def test_blank_lines_and_trailing_commas_are_no_rows(tmp_path: Path) -> None:
    write(tmp_path, "", ",,,,", ROW + ",,,", " , , ", header=HEADER + ",,,")

    assert len(matches(tmp_path, report=unexpected)) == 1


@pytest.mark.parametrize("ending", [b"\r\n", b"\r", b"\n"])
def test_any_line_ending_will_do(tmp_path: Path, ending: bytes) -> None:
    path = write(tmp_path, ROW)
    path.write_bytes(path.read_bytes().replace(b"\n", ending))

    assert len(matches(tmp_path, report=unexpected)) == 1


def test_a_row_may_end_before_its_odds(tmp_path: Path) -> None:
    write(tmp_path, ROW.partition(",2.6,")[0])

    [match] = matches(tmp_path, report=unexpected)

    assert match.result == Result(0, 2)
    assert match.opening == match.closing == {}


def test_a_quoted_comma_is_part_of_a_name_and_a_stray_quote_costs_no_other_row(
    tmp_path: Path,
) -> None:
    stray = row(HomeTeam='"Leicester', AwayTeam="Spurs")
    write(tmp_path, stray, row(HomeTeam='"Leicester, City"'), row(HomeTeam="Arsenal"))
    errors: list[RowError] = []

    homes = {match.home for match in matches(tmp_path, report=errors.append)}

    assert homes == {"Leicester, City", "Arsenal"}
    assert [error.line for error in errors] == [2]


@pytest.mark.parametrize("price", ["", "0", "0.0", "1", "1.0", ".9"])
def test_a_market_with_a_price_that_is_none_is_unknown(tmp_path: Path, price: str) -> None:
    write(tmp_path, row(AvgD=price))

    [match] = matches(tmp_path, report=unexpected)

    assert match.avg_opening is None
    assert match.avg_closing == Prices(2.75, 3.4, 2.6)


@pytest.mark.parametrize("price", ["#REF!", "nan", "inf", "1e3", "-2", "10001", "9" * 400])
def test_a_price_that_is_no_number_is_reported_and_the_match_is_kept(
    tmp_path: Path, price: str
) -> None:
    write(tmp_path, row(AvgCA=price))
    errors: list[RowError] = []

    [match] = matches(tmp_path, report=errors.append)

    assert match.avg_closing is None
    assert match.avg_opening is not None
    assert [error.line for error in errors] == [2]
    assert "AvgCH/AvgCD/AvgCA" in errors[0].reason


def test_one_sided_statistics_keep_the_side_that_is_known(tmp_path: Path) -> None:
    write(tmp_path, row(HS="9", AS="", HST="", AST="6"))

    [match] = matches(tmp_path, report=unexpected)

    assert match.statistics is not None
    assert (match.statistics.home_shots, match.statistics.away_shots) == (9, None)
    assert (match.statistics.home_shots_on_target, match.statistics.away_shots_on_target) == (
        None,
        6,
    )


def test_a_faulty_count_is_reported_and_the_match_is_kept(tmp_path: Path) -> None:
    write(tmp_path, row(HS="many"))
    errors: list[RowError] = []

    [match] = matches(tmp_path, report=errors.append)

    assert match.statistics is not None
    assert match.statistics.home_shots is None
    assert "home_shots" in errors[0].reason


def test_a_row_without_a_result_is_a_fixture(tmp_path: Path) -> None:
    blank = dict.fromkeys(("FTHG", "FTAG", "FTR", "HTHG", "HTAG", "HTR", "HS", "AS"), "")
    write(tmp_path, row(**blank, HST="", AST="", AvgCH="", AvgCD="", AvgCA=""))

    [match] = matches(tmp_path, report=unexpected)

    assert match.result is None
    assert match.outcome is None
    assert match.statistics is None
    assert match.avg_opening is not None


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"Date": "18.01.2025"}, "no date"),
        ({"Date": "31/02/2025"}, "no day of the calendar"),
        ({"Date": ""}, "no date"),
        ({"Date": "18/01/2024"}, "outside the season"),
        ({"Date": "02/07/2025"}, "outside the season"),
        ({"Time": "25:00"}, "no time of day"),
        ({"Time": "12:60"}, "no time of day"),
        ({"Time": "noon"}, "no time of day"),
        ({"HomeTeam": ""}, "home team is missing"),
        ({"AwayTeam": "?!"}, "no team's name"),
        ({"AwayTeam": "A\x00B"}, "no team's name"),
        ({"AwayTeam": "x" * 61}, "no team's name"),
        ({"AwayTeam": "LEICESTER"}, "cannot meet"),
        ({"Div": "E1"}, "division"),
        ({"FTHG": "two"}, "no whole number"),
        ({"FTHG": "2.5"}, "no whole number"),
        ({"FTHG": "-1"}, "no whole number"),
        ({"FTHG": "100"}, "no whole number"),
        ({"FTHG": "²"}, "no whole number"),
        ({"FTHG": ""}, "one side only"),
        ({"FTHG": "", "FTAG": ""}, "no score"),
        ({"FTHG": "", "FTAG": "", "FTR": ""}, "none at full-time"),
        ({"FTR": "H"}, "contradicts"),
        ({"HTHG": "1"}, "above"),
        ({"HTAG": ""}, "one side only"),
    ],
)
def test_a_row_that_cannot_be_true_is_reported_and_the_rest_goes_on(
    tmp_path: Path, cells: dict[str, str], reason: str
) -> None:
    write(tmp_path, row(HomeTeam="Arsenal"), row(**cells), row(HomeTeam="Brighton"))

    read, errors = _reasons(tmp_path)

    assert read == 2
    assert [(error.file, error.line) for error in errors] == [("mmz4281/2425/E0.csv", 3)]
    assert reason in errors[0].reason


@pytest.mark.parametrize("day", ["26/07/2020", "02/08/2020", "31/08/2020"])
def test_the_season_2019_20_went_on_until_august(tmp_path: Path, day: str) -> None:
    write(tmp_path, row(Date=day), season="1920")

    assert len(matches(tmp_path, report=unexpected)) == 1


def test_the_same_match_twice_on_a_day_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, ROW, ROW, row(FTAG="3"))

    read, errors = _reasons(tmp_path)

    assert read == 1
    assert [error.line for error in errors] == [3, 4]
    assert errors[0].reason.endswith("twice")
    assert "differently" in errors[1].reason


def test_a_fixture_is_completed_by_its_result(tmp_path: Path) -> None:
    blank = dict.fromkeys(("FTHG", "FTAG", "FTR", "HTHG", "HTAG", "HTR"), "")
    write(tmp_path, row(**blank), ROW)

    [match] = matches(tmp_path, report=unexpected)

    assert match.result == Result(0, 2)


def test_meetings_at_one_ground_are_counted_by_date_within_a_season(tmp_path: Path) -> None:
    write(tmp_path, row(Date="01/03/2025"), row(Date="05/10/2024"))
    write(tmp_path, row(Date="05/10/2023"), season="2324")

    found = [(match.date.year, match.match_id) for match in matches(tmp_path, report=unexpected)]

    assert found == [
        (2023, "e0-2023-24-leicester-fulham-1"),
        (2024, "e0-2024-25-leicester-fulham-1"),
        (2025, "e0-2024-25-leicester-fulham-2"),
    ]


def test_older_generations_name_the_average_and_pinnacle_otherwise(tmp_path: Path) -> None:
    header = HEADER.replace("AvgC", "PSC").replace("Avg", "BbAv")
    write(tmp_path, ROW, header=header)

    [match] = matches(tmp_path, report=unexpected)

    assert match.opening == {"avg": Prices(2.6, 3.5, 2.7)}
    assert match.closing == {"ps": Prices(2.75, 3.4, 2.6)}


def test_a_gzipped_file_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    plain = write(tmp_path, ROW)
    packed = gzip.compress(plain.read_bytes())
    plain.write_bytes(packed)
    (plain.parent / "E1.csv.gz").write_bytes(
        gzip.compress(gzip.decompress(packed).replace(b"E0,", b"E1,"))
    )

    divisions = [match.competition for match in matches(tmp_path, report=unexpected)]

    assert divisions == ["e0", "e1"]
