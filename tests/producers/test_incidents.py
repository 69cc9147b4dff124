from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from features import World, fold
from producers import football_data, incidents
from producers.incidents import Archive, Telling, load_aliases
from producers.match_events import Odds, Wanted
from producers.ordering import order_key
from schemas import events
from schemas.errors import FeedError, RowError, SettingsError
from tests.producers.incident_files import MATCH, PLAY, write_incidents
from tests.producers.tables import ROW, row, unexpected, write

if TYPE_CHECKING:
    from pathlib import Path

NAME = "e0-2024-25-leicester-fulham-1"
NOT_YET = dict.fromkeys(
    ("FTHG", "FTAG", "FTR", "HTHG", "HTAG", "HTR", "HS", "AS", "HST", "AST"), ""
)


def _load(folder: Path, *, results: Path | None = None, report: object = unexpected) -> Archive:
    return incidents.load(
        folder,
        results=results,
        aliases=load_aliases(),
        report=report,  # type: ignore[arg-type]
    )


def _told(archive: Archive, telling: Telling | None = None) -> list[events.AnyEvent]:
    """All events but the days."""
    return [event for event in archive.events(telling or Telling()) if event.subject]


def _folded(told: list[events.AnyEvent]) -> World:
    world = World.load({})
    for event in told:
        fold(world, event)
    return world


def _stories(told: list[events.AnyEvent]) -> list[tuple[str, str]]:
    return [(event.id.removeprefix(NAME)[1:], f"{event.time:%d %H:%M}") for event in told]


def test_play_comes_at_the_minutes_it_happened(tmp_path: Path) -> None:
    told = _told(_load(write_incidents(tmp_path)))

    assert _stories(told) == [
        ("fixture", "11 15:00"),
        ("started", "18 15:00"),
        ("minute:15", "18 15:15"),
        ("incident:yellow-home-30-1", "18 15:30"),
        ("minute:30", "18 15:30"),
        ("minute:45", "18 15:45"),
        ("incident:red-home-45+2-1", "18 15:47"),
        ("half-time", "18 15:47"),
        ("incident:goal-away-48-1", "18 16:05"),
        ("minute:60", "18 16:17"),
        ("incident:goal-away-68-1", "18 16:25"),
        ("minute:75", "18 16:32"),
        ("minute:90", "18 16:47"),
        ("incident:yellow-home-90+4-1", "18 16:51"),
        ("finished", "18 16:52"),
    ]


def test_the_match_folds_to_its_result_with_nothing_in_doubt(tmp_path: Path) -> None:
    told = _told(_load(write_incidents(tmp_path)))

    match = _folded(told).matches[NAME]

    assert (match.status, match.home_score, match.away_score) == ("finished", 0, 2)
    assert (match.home_reds, match.away_reds, match.degraded) == (1, 0, False)


def test_a_long_first_half_delays_the_second(tmp_path: Path) -> None:
    play = ("7,45,9,G,A", "7,46,0,G,A")

    told = dict(_stories(_told(_load(write_incidents(tmp_path, incidents=play)))))

    assert told["incident:goal-away-45+9-1"] == told["half-time"] == "18 15:54"
    assert told["incident:goal-away-46-1"] == "18 16:10"
    assert told["minute:90"] == "18 16:54"


def test_two_bookings_in_one_minute_are_two(tmp_path: Path) -> None:
    folder = write_incidents(tmp_path, incidents=(*PLAY, "7,30,0,Y,H"))

    told = _told(_load(folder))

    names = {event.data.incident_id for event in told if isinstance(event, events.MatchIncident)}
    assert {"yellow-home-30-1", "yellow-home-30-2"} <= names


def test_goals_of_extra_time_are_no_goals_of_the_match(tmp_path: Path) -> None:
    match = "7,D1,2014,2015-06-01,karlsruher-sc,hamburg,1,2"
    play = ("7,78,0,G,H", "7,90,1,G,A", "7,115,0,G,A")
    archive = _load(write_incidents(tmp_path, match, incidents=play))

    told = _told(archive)

    assert archive.matches[0].outcome == "D"
    assert told[-1].data == events.MatchFinishedData(
        home_score=1, away_score=1, home_score_extra_time=1, away_score_extra_time=2
    )
    assert not _folded(told).matches[archive.matches[0].match_id].degraded


def test_the_minutes_of_ticks_are_chosen(tmp_path: Path) -> None:
    archive = _load(write_incidents(tmp_path))

    told = _told(archive, Telling(ticks=(1, 46)))

    minutes = [event.data.minute for event in told if isinstance(event, events.ClockTick)]
    assert minutes == [1, 46]


def test_matches_before_a_day_are_told_by_results_that_leave_the_same_ratings(
    tmp_path: Path,
) -> None:
    archive = _load(write_incidents(tmp_path))
    everything = _told(archive)

    same = _told(archive, Telling(play_from=dt.date(2025, 1, 18)))
    short = _told(archive, Telling(play_from=dt.date(2025, 1, 19)))

    assert same == everything
    assert _stories(short) == [
        story for story in _stories(everything) if story[0] in {"fixture", "started", "finished"}
    ]
    assert _folded(short).teams == _folded(everything).teams


def test_matches_that_kick_off_together_end_after_each_was_forecast(tmp_path: Path) -> None:
    other = "8,E0,2024,2025-01-18,fc-arsenal,fc-everton,0,0"
    told = _told(_load(write_incidents(tmp_path, MATCH, other)))

    ends = [event.time for event in told if isinstance(event, events.MatchFinished)]
    starts = [event.time for event in told if isinstance(event, events.MatchStarted)]
    assert max(starts) < min(ends)
    assert len(set(starts)) == 1


def test_incidents_that_do_not_add_up_are_reported_and_left_out(tmp_path: Path) -> None:
    errors: list[RowError] = []
    folder = write_incidents(tmp_path, incidents=PLAY[:2])

    told = _told(_load(folder, report=errors.append))

    assert [error.line for error in errors] == [2]
    assert "add up to 0–1, the result is 0–2" in errors[0].reason
    assert [name for name, _ in _stories(told)] == ["fixture", "started", "finished"]


@pytest.mark.parametrize(
    ("match", "words"),
    [
        ("7,E0,2024,2025-01-18,a-b,c-d,0", "7 cells"),
        (",E0,2024,2025-01-18,a-b,c-d,0,0", "no id"),
        ("7,E0,2024,18.01.2025,a-b,c-d,0,0", "is no date"),
        ("7,E0,1025,2025-01-18,a-b,c-d,0,0", "no year"),
        ("7,E0,2024,2026-01-18,a-b,c-d,0,0", "outside the season"),
        ("7,E0,2024,2025-01-18,a-b,A b,0,0", "cannot meet itself"),
        ("7,E0,2024,2025-01-18,a-b,,0,0", "no team's name"),
        ("7,E0,2024,2025-01-18,a-b,c-d,0,", "one side only"),
        ("7,E0,2024,2025-01-18,a-b,c-d,-1,0", "no whole number"),
        ("7,XX,2024,2025-01-18,a-b,c-d,0,0", "in no pool"),
    ],
)
def test_a_match_that_cannot_be_is_reported_and_the_rest_goes_on(
    match: str, words: str, tmp_path: Path
) -> None:
    errors: list[RowError] = []
    sound = "8,E0,2024,2025-01-18,fc-arsenal,fc-everton,0,0"
    folder = write_incidents(tmp_path, match, sound, incidents=())

    archive = _load(folder, report=errors.append)

    assert [row.match_id for row in archive.matches] == ["e0-2024-25-arsenal-everton-1"]
    assert [(error.file, error.line) for error in errors] == [("matches.csv.gz", 2)]
    assert words in errors[0].reason


@pytest.mark.parametrize(
    ("incident", "words"),
    [
        ("9,30,0,Y,H", "none of those"),
        ("7,131,0,Y,H", "no whole number"),
        ("7,,0,Y,H", "minute is missing"),
        ("7,30,2,Y,H", "no minute"),
        ("7,30,0,P,H", "no incident"),
        ("7,30,0,Y,X", "no side"),
        ("7,30,0,Y", "4 cells"),
    ],
)
def test_an_incident_that_cannot_be_is_reported_and_the_match_goes_on(
    incident: str, words: str, tmp_path: Path
) -> None:
    errors: list[RowError] = []
    folder = write_incidents(tmp_path, incidents=(incident, *PLAY))

    told = _told(_load(folder, report=errors.append))

    assert [(error.file, error.line) for error in errors] == [("incidents.csv.gz", 2)]
    assert words in errors[0].reason
    assert sum(isinstance(event, events.MatchIncident) for event in told) == len(PLAY)


def test_a_folder_without_the_files_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"a folder with matches\.csv\.gz"):
        _load(tmp_path)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    write_incidents(tmp_path)
    (tmp_path / "incidents.csv.gz").write_text("match,minute\n1,2\n")

    with pytest.raises(FeedError, match="does not begin with the columns"):
        _load(tmp_path)


def test_a_joined_match_has_the_kick_off_and_the_prices_of_its_row(tmp_path: Path) -> None:
    write(tmp_path, row(Time="12:30"))
    archive = _load(write_incidents(tmp_path), results=tmp_path)

    told = dict(_stories(_told(archive)))

    assert archive.joined == 1
    assert archive.matches[0].avg_closing is not None
    assert told["started"] == "18 12:30"
    assert told["odds:opening:avg"] == "17 17:00"
    assert told["odds:closing:avg"] == "18 12:29"
    assert "statistics" in told


@pytest.mark.parametrize(("odds", "count"), [("none", 0), ("opening", 1), ("closing", 2)])
def test_only_the_odds_asked_for_are_told(tmp_path: Path, odds: Odds, count: int) -> None:
    write(tmp_path, ROW)
    archive = _load(write_incidents(tmp_path), results=tmp_path)

    told = _told(archive, Telling(wanted=Wanted(odds=odds)))

    assert sum(isinstance(event, events.OddsChanged) for event in told) == count


def test_both_feeds_give_prices_the_same_source_and_id(tmp_path: Path) -> None:
    write(tmp_path, ROW)
    ours = _told(_load(write_incidents(tmp_path), results=tmp_path))
    theirs = football_data.read(tmp_path, report=unexpected)

    def prices(told: object) -> list[events.OddsChanged]:
        return [event for event in told if isinstance(event, events.OddsChanged)]  # type: ignore[attr-defined]

    assert prices(ours) == prices(theirs)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"Date": "19/01/2025"}, "is dated 2025-01-18 here, and 2025-01-19"),
        ({"FTHG": "1"}, "ended 0–2 here, 1–2 there"),
        ({"HomeTeam": "Everton"}, "is not among the results"),
    ],
)
def test_a_match_that_differs_is_reported_and_not_joined(
    tmp_path: Path, cells: dict[str, str], words: str
) -> None:
    write(tmp_path, row(**cells))
    errors: list[RowError] = []

    archive = _load(write_incidents(tmp_path), results=tmp_path, report=errors.append)

    assert archive.joined == 0
    assert [error.line for error in errors] == [2]
    assert words in errors[0].reason
    assert archive.matches[0].opening == {}


def test_where_the_files_end_the_results_go_on(tmp_path: Path) -> None:
    old = "7,E0,2023,2024-01-20,leicester-city,fc-fulham,0,2"
    write(tmp_path, row(Date="20/01/2024", Time="12:30"), season="2324")
    write(tmp_path, ROW, row(Date="19/01/2025", HomeTeam="Everton", **NOT_YET))
    archive = _load(write_incidents(tmp_path, old), results=tmp_path)

    told = _told(archive)

    assert [story.adds_up for story in archive.stories] == [True, False]
    later = [event for event in told if event.subject == NAME]
    assert [name for name, _ in _stories(later)] == [
        "fixture",
        "odds:opening:avg",
        "odds:closing:avg",
        "started",
        "statistics",
        "finished",
    ]


def test_results_of_a_season_or_league_that_the_files_have_or_never_had_are_not_added(
    tmp_path: Path,
) -> None:
    write(tmp_path, ROW, row(Date="19/01/2025", HomeTeam="Everton"))
    write(tmp_path, ROW.replace("E0", "D1"), division="D1")

    archive = _load(write_incidents(tmp_path), results=tmp_path)

    assert [row.match_id for row in archive.matches] == [NAME]


def test_a_name_in_no_table_is_reported_once_and_never_guessed(tmp_path: Path) -> None:
    write(tmp_path, row(HomeTeam="Leicester Town"))
    errors: list[RowError] = []
    strange = MATCH.replace("leicester-city", "leicester-town")
    again = strange.replace("7,E0", "8,E0").replace("2025-01-18", "2025-01-25")
    folder = write_incidents(tmp_path, strange, again, incidents=())

    archive = _load(folder, results=tmp_path, report=errors.append)

    assert archive.joined == 0
    named = [error for error in errors if "'leicester-town' stands in no table" in error.reason]
    assert len(named) == 1


def test_a_table_of_ones_own_goes_before_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[e0]\n"leicester-city" = "The Foxes"\n[b1]\n"rsc-charleroi" = "Charleroi"\n')

    table = load_aliases(own)

    assert table["e0"]["leicester-city"] == "The Foxes"
    assert table["e0"]["fc-fulham"] == "Fulham"
    assert table["b1"] == {"rsc-charleroi": "Charleroi"}


@pytest.mark.parametrize("words", ["[e0", '[e0]\n"a" = 1', '"a" = "b"'])
def test_a_table_that_is_none_is_refused_by_name(tmp_path: Path, words: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(words)

    with pytest.raises(SettingsError, match=r"own\.toml"):
        load_aliases(own)


def test_no_two_names_of_the_shipped_table_are_one_team() -> None:
    for competition, names in load_aliases().items():
        assert len(set(names.values())) == len(names), competition


def test_five_seasons_of_five_leagues_join_match_by_match(data_dir: Path) -> None:
    errors: list[RowError] = []
    folder = data_dir.parent / "incidents"
    seasons = [f"20{year}-{year + 1}" for year in range(19, 24)]

    archive = incidents.load(
        folder,
        results=data_dir,
        aliases=load_aliases(),
        seasons=seasons,
        leagues=["E0", "D1", "F1", "I1", "SP1"],
        report=errors.append,
    )

    # What is left are ties against teams of the second division, which the results do not hold.
    assert len(archive.matches) == 8_971
    assert archive.joined == 8_952
    assert all("not among the results" in e.reason or "no table" in e.reason for e in errors)
    keys = [order_key(event) for event in archive.events(Telling())]
    assert all(one < other for one, other in pairwise(keys))
