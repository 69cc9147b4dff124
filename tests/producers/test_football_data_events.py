from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from producers.football_data import SOURCE, read
from producers.ordering import order_key
from producers.timetable import LONDON, timetable
from schemas import events
from schemas.events import decode_event, encode_event
from tests.producers.tables import HEADER, ROW, row, unexpected, write

if TYPE_CHECKING:
    from pathlib import Path

    from producers.match_events import Odds

MATCH = "e0-2024-25-leicester-fulham-1"
ALL_OF_A_MATCH = [
    f"{MATCH}:fixture",
    f"{MATCH}:odds:opening:avg",
    f"{MATCH}:odds:closing:avg",
    f"{MATCH}:started",
    f"{MATCH}:half-time",
    f"{MATCH}:statistics",
    f"{MATCH}:finished",
]


def _told(folder: Path, odds: Odds = "closing") -> list[events.AnyEvent]:
    """All events but the days."""
    every = read(folder, odds=odds, report=unexpected)
    return [event for event in every if not isinstance(event, events.ClockTick)]


def _london(event: events.AnyEvent) -> str:
    return f"{event.time.astimezone(LONDON):%a %d %b %H:%M}"


def test_a_row_becomes_the_events_it_proves_at_the_times_they_were_known(tmp_path: Path) -> None:
    write(tmp_path, ROW)

    told = _told(tmp_path)

    assert [(event.id, _london(event)) for event in told] == list(
        zip(
            ALL_OF_A_MATCH,
            [
                "Sat 11 Jan 15:00",
                "Fri 17 Jan 17:00",
                "Sat 18 Jan 14:59",
                "Sat 18 Jan 15:00",
                "Sat 18 Jan 15:47",
                "Sat 18 Jan 16:50",
                "Sat 18 Jan 16:50",
            ],
            strict=True,
        )
    )
    assert {event.source for event in told} == {SOURCE}
    assert {event.subject for event in told} == {MATCH}
    assert {event.recordedtime for event in told} == {None}


def test_the_events_carry_what_the_row_says(tmp_path: Path) -> None:
    write(tmp_path, ROW)

    scheduled, opening, closing, _, half_time, statistics, finished = (
        event.data for event in _told(tmp_path)
    )

    assert isinstance(scheduled, events.FixtureScheduledData)
    assert (scheduled.home, scheduled.away) == ("Leicester", "Fulham")
    assert isinstance(opening, events.OddsChangedData)
    assert (opening.home, opening.phase) == (2.6, events.OddsPhase.OPENING)
    assert isinstance(closing, events.OddsChangedData)
    assert (closing.home, closing.phase) == (2.75, events.OddsPhase.CLOSING)
    assert half_time == events.MatchPeriodData(
        period=events.Period.HALF_TIME, home_score=0, away_score=0
    )
    assert statistics == events.MatchStatisticsData(
        home_shots=9, away_shots=14, home_shots_on_target=2, away_shots_on_target=6
    )
    assert finished == events.MatchFinishedData(home_score=0, away_score=2)


@pytest.mark.parametrize(
    ("day", "time", "opening"),
    [
        ("17/01/2025", "20:00", "Fri 17 Jan 17:00"),
        ("17/01/2025", "17:30", "Fri 17 Jan 16:30"),
        ("18/01/2025", "12:30", "Fri 17 Jan 17:00"),
        ("19/01/2025", "16:30", "Fri 17 Jan 17:00"),
        ("20/01/2025", "20:00", "Fri 17 Jan 17:00"),
        ("21/01/2025", "20:00", "Tue 21 Jan 17:00"),
        ("21/01/2025", "17:15", "Tue 21 Jan 16:15"),
        ("22/01/2025", "19:45", "Tue 21 Jan 17:00"),
        ("23/01/2025", "20:00", "Tue 21 Jan 17:00"),
    ],
)
def test_opening_odds_come_on_the_friday_or_the_tuesday_before(
    tmp_path: Path, day: str, time: str, opening: str
) -> None:
    write(tmp_path, row(Date=day, Time=time))

    told = {event.id: event for event in _told(tmp_path)}

    assert _london(told[f"{MATCH}:odds:opening:avg"]) == opening


def test_nothing_is_known_of_a_match_before_it_is_announced() -> None:
    kick_off = dt.datetime(2025, 1, 20, 20, tzinfo=dt.UTC)

    times = timetable(kick_off, time_known=True, announced_before=dt.timedelta(hours=6))

    assert times.opening == times.announced == kick_off - dt.timedelta(hours=6)
    assert times.closing == kick_off - dt.timedelta(minutes=1)


def test_a_week_before_is_the_same_hour_when_the_clocks_change(tmp_path: Path) -> None:
    write(tmp_path, row(Date="29/03/2025"), row(Date="05/04/2025", HomeTeam="Arsenal"))

    told = {event.id: event for event in _told(tmp_path)}

    later = told["e0-2024-25-arsenal-fulham-1:fixture"]
    assert _london(later) == "Sat 29 Mar 15:00"
    assert later.time.hour == 15
    assert told["e0-2024-25-arsenal-fulham-1:started"].time.hour == 14


def test_where_times_are_unknown_no_match_of_a_day_sees_another(tmp_path: Path) -> None:
    blank = {"Time": ""}
    write(tmp_path, row(**blank), row(HomeTeam="Arsenal", AwayTeam="Spurs", **blank))

    told = _told(tmp_path)

    results = [event for event in told if isinstance(event, events.MatchFinished)]
    assert [_london(event) for event in results] == ["Sat 18 Jan 23:59"] * 2
    assert told[-2:] == results
    assert not any(isinstance(event, events.MatchPeriod) for event in told)
    started = [event for event in told if isinstance(event, events.MatchStarted)]
    assert [_london(event) for event in started] == ["Sat 18 Jan 15:00"] * 2


def test_a_fixture_without_a_result_is_announced_and_no_more(tmp_path: Path) -> None:
    blank = dict.fromkeys(("FTHG", "FTAG", "FTR", "HTHG", "HTAG", "HTR", "AvgH", "AvgCH"), "")
    write(tmp_path, row(**blank))

    assert [event.id for event in _told(tmp_path)] == [f"{MATCH}:fixture"]


@pytest.mark.parametrize(
    ("odds", "phases"),
    [
        ("none", []),
        ("opening", [events.OddsPhase.OPENING]),
        ("closing", [events.OddsPhase.OPENING, events.OddsPhase.CLOSING]),
    ],
)
def test_only_the_odds_asked_for_are_published(
    tmp_path: Path, odds: Odds, phases: list[events.OddsPhase]
) -> None:
    write(tmp_path, ROW)

    told = _told(tmp_path, odds)

    found = [event.data.phase for event in told if isinstance(event, events.OddsChanged)]
    assert found == phases


def test_the_next_best_bookmaker_stands_in_for_an_unknown_average(tmp_path: Path) -> None:
    header = HEADER + ",PSH,PSD,PSA,B365H,B365D,B365A"
    both = ",2.5,3.4,2.8,2.4,3.3,2.7"
    write(
        tmp_path,
        ROW + both,
        row(HomeTeam="Arsenal", AvgH="") + both,
        row(HomeTeam="Brighton", AvgH="") + ",,,,2.4,3.3,2.7",
        header=header,
    )

    told = _told(tmp_path, "opening")
    with_pinnacle = read(tmp_path, odds="opening", bookmakers=("avg", "ps"), report=unexpected)

    assert {event.id for event in told if isinstance(event, events.OddsChanged)} == {
        f"{MATCH}:odds:opening:avg",
        "e0-2024-25-arsenal-fulham-1:odds:opening:ps",
        "e0-2024-25-brighton-fulham-1:odds:opening:b365",
    }
    published = Counter(
        event.data.bookmaker for event in with_pinnacle if isinstance(event, events.OddsChanged)
    )
    assert published == {"avg": 1, "ps": 2, "b365": 1}


def test_each_day_of_a_pool_begins_with_one_tick_from_its_first_event_to_its_last(
    tmp_path: Path,
) -> None:
    write(tmp_path, ROW)
    write(tmp_path, row(Div="D1", Date="20/01/2025"), division="D1")

    every = list(read(tmp_path, report=unexpected))

    ticks = [event for event in every if isinstance(event, events.ClockTick)]
    england = [tick.data.day for tick in ticks if tick.partitionkey == "england"]
    germany = [tick.data.day for tick in ticks if tick.partitionkey == "germany"]
    assert england == [dt.date(2025, 1, day) for day in range(11, 19)]
    assert germany == [dt.date(2025, 1, day) for day in range(13, 21)]
    assert {f"{tick.time.astimezone(LONDON):%H:%M}" for tick in ticks} == {"00:00"}
    assert every[0] is ticks[0]


def test_a_day_in_summer_begins_at_midnight_in_london(tmp_path: Path) -> None:
    write(tmp_path, row(Date="17/08/2024"))

    first = next(iter(read(tmp_path, report=unexpected)))

    assert first.id == "england:day:2024-08-10"
    assert first.time == dt.datetime(2024, 8, 9, 23, tzinfo=dt.UTC)


def test_the_next_seasons_fixtures_come_before_this_ones_last_results(tmp_path: Path) -> None:
    write(tmp_path, row(Date="31/08/2020"), season="1920")
    write(tmp_path, row(Date="05/09/2020"), season="2021")

    told = _told(tmp_path)

    assert [order_key(event) for event in told] == sorted(order_key(event) for event in told)
    assert told[2].id == "e0-2020-21-leicester-fulham-1:fixture"
    assert told[-1].id == "e0-2020-21-leicester-fulham-1:finished"


def test_a_season_is_opened_in_time_for_what_its_first_day_announces(tmp_path: Path) -> None:
    write(tmp_path, row(Date="30/06/2021"), season="2021")
    write(tmp_path, row(Date="01/07/2021"), season="2122")

    told = _told(tmp_path)

    assert [order_key(event) for event in told] == sorted(order_key(event) for event in told)
    assert told[1].id == "e0-2021-22-leicester-fulham-1:fixture"


def test_a_season_is_read_only_when_the_story_reaches_it(tmp_path: Path) -> None:
    write(tmp_path, row(Date="20/01/2024"), season="2324")
    later = write(tmp_path, ROW)
    every = read(tmp_path, report=unexpected)

    first = next(every)
    later.write_text(later.read_text().replace("Leicester", "Arsenal"))
    rest = list(every)

    assert first.id == "england:day:2024-01-13"
    assert rest[-1].id == "e0-2024-25-arsenal-fulham-1:finished"


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path, ROW, row(HomeTeam="Arsenal", AwayTeam="Spurs"))

    first = [encode_event(event) for event in read(tmp_path, report=unexpected)]
    second = [encode_event(event) for event in read(tmp_path, report=unexpected)]

    assert first == second


def test_every_event_of_the_real_files_is_one_that_readers_accept_in_order(
    data_dir: Path,
) -> None:
    ids = set()
    kinds: Counter[str] = Counter()
    keys = []

    for event in read(data_dir, report=unexpected):
        assert decode_event(encode_event(event)) == event
        ids.add(event.id)
        kinds[type(event).__name__] += 1
        keys.append(order_key(event))

    assert all(one < other for one, other in pairwise(keys))
    assert len(ids) == kinds.total()
    # 10,707 matches; one was decided at a table and has neither half-time nor statistics.
    assert kinds["FixtureScheduled"] == kinds["MatchStarted"] == kinds["MatchFinished"] == 10_707
    assert kinds["MatchPeriod"] == kinds["MatchStatistics"] == 10_706
    assert kinds["OddsChanged"] == 21_413
