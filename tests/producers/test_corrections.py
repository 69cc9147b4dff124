"""A table of results that says something else the next time corrects what was told before."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from features import World, fold
from producers.corrections import Contents, Read, compare
from producers.football_data import read
from schemas.events import MatchFinished
from tests.features.story import stored
from tests.producers.tables import row, unexpected, write

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.events import AnyEvent

MATCH = "e0-2024-25-leicester-fulham-1"
READ_AT = dt.datetime(2025, 1, 21, 9, 30, tzinfo=dt.UTC)
RIGHT = {"FTHG": "3", "FTAG": "1", "FTR": "H"}


def _read(
    folder: Path, told: dict[str, Contents], at: dt.datetime = READ_AT, /, **cells: str
) -> Read:
    write(folder, row(**cells))
    return compare(read(folder, report=unexpected), told, at)


def _folded(*events: AnyEvent) -> World:
    world = World()
    for event in events:
        fold(world, event)
    return world


def test_the_first_reading_corrects_nothing_and_remembers_all_that_can_be(tmp_path: Path) -> None:
    first = _read(tmp_path, {})

    assert first.corrections == []
    assert sorted(first.first[MATCH]) == [
        ":finished",
        ":fixture",
        ":odds:closing:avg",
        ":odds:opening:avg",
        ":statistics",
    ]
    assert _read(tmp_path, first.first).corrections == []


def test_a_corrected_result_is_told_anew_and_outbids_the_one_before(tmp_path: Path) -> None:
    first = _read(tmp_path, {})

    again = _read(tmp_path, first.first, **RIGHT)

    (correction,) = again.corrections
    assert isinstance(correction, MatchFinished)
    assert correction.id == f"{MATCH}:finished:read:20250121T093000"
    assert correction.time == READ_AT
    corrected = _folded(*first.events, *again.corrections)
    right = _folded(*again.events)
    match = corrected.matches[MATCH]
    assert (match.home_score, match.away_score) == (3, 1)
    assert corrected.teams == right.teams


def test_a_row_moved_to_an_earlier_day_moves_the_match(tmp_path: Path) -> None:
    first = _read(tmp_path, {})

    again = _read(tmp_path, first.first, Date="17/01/2025")

    corrected, right = _folded(*first.events, *again.corrections), _folded(*again.events)
    assert corrected.matches[MATCH].kick_off == right.matches[MATCH].kick_off
    assert corrected.teams == right.teams


@pytest.mark.parametrize("cell", ["AvgH", "AvgCH"])
def test_a_corrected_price_stands_at_its_own_time(tmp_path: Path, cell: str) -> None:
    first = _read(tmp_path, {})

    again = _read(tmp_path, first.first, **{cell: "1.91"})

    (correction,) = again.corrections
    corrected = _folded(*first.events, *again.corrections).matches[MATCH]
    right = _folded(*again.events).matches[MATCH]
    assert corrected.market is not None
    assert right.market is not None
    assert corrected.market.p_home == right.market.p_home
    assert corrected.market.moved_home == right.market.moved_home
    assert correction.time in {event.time for event in first.events}


def test_a_correction_taken_back_is_a_correction_too(tmp_path: Path) -> None:
    first = _read(tmp_path, {})
    wrong = _read(tmp_path, first.first, **RIGHT)
    told = {MATCH: first.first[MATCH] | wrong.anew[MATCH]}

    back = _read(tmp_path, told, READ_AT + dt.timedelta(hours=1))

    world = _folded(*first.events, *wrong.corrections, *back.corrections)
    assert stored(world)[b"m:" + MATCH.encode()]
    assert world.matches[MATCH].home_score == _folded(*first.events).matches[MATCH].home_score
    assert len({event.id for event in (*wrong.corrections, *back.corrections)}) == 2


def test_matches_long_past_are_forgotten_and_no_longer_compared(tmp_path: Path) -> None:
    first = _read(tmp_path, {})
    later = row(Date="17/05/2025", HomeTeam="Arsenal")

    write(tmp_path, f"{row(**RIGHT)}\n{later}")
    again = compare(read(tmp_path, report=unexpected), first.first, READ_AT)

    assert again.corrections == []
    assert again.past == [MATCH]
