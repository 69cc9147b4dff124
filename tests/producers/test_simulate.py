from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from itertools import pairwise

import pytest

from producers import simulate
from producers.ordering import order_key
from producers.simulate.fixture_list import TEAMS
from producers.simulate.play import true_probabilities
from schemas import events
from schemas.competitions import load_competitions
from schemas.events import decode_event, encode_event

START = dt.date(2024, 8, 9)


@pytest.fixture(scope="module")
def league() -> list[events.AnyEvent]:
    return list(simulate.read(7, start=START))


def test_the_same_seed_plays_the_same_league_byte_by_byte(
    league: list[events.AnyEvent],
) -> None:
    again = [encode_event(event) for event in simulate.read(7, start=START)]

    assert again == [encode_event(event) for event in league]


def test_another_seed_plays_another_league() -> None:
    assert simulate.rows(7, start=START) != simulate.rows(8, start=START)


def test_everyone_is_at_home_to_everyone_once_a_season() -> None:
    rows = simulate.rows(7, start=START, seasons=2)

    for season in ("2024-25", "2025-26"):
        pairs = Counter((row.home, row.away) for row in rows if row.season == season)
        assert len(pairs) == len(TEAMS) * (len(TEAMS) - 1)
        assert set(pairs.values()) == {1}


def test_no_team_plays_twice_within_three_days() -> None:
    rows = simulate.rows(7, start=START)

    for team in TEAMS:
        days = [row.date for row in rows if team in {row.home, row.away}]
        assert all(other - one >= dt.timedelta(days=3) for one, other in pairwise(days))


def test_every_event_is_one_that_readers_accept_in_order(league: list[events.AnyEvent]) -> None:
    keys = [order_key(event) for event in league]

    assert all(one < other for one, other in pairwise(keys))
    assert len({event.id for event in league}) == len(league)
    assert all(decode_event(encode_event(event)) == event for event in league)
    assert {event.source for event in league} == {"simulate"}


def test_goals_by_the_minute_add_up_to_half_time_and_full_time(
    league: list[events.AnyEvent],
) -> None:
    goals: Counter[tuple[str, events.Side]] = Counter()
    checked = 0

    for event in league:
        score = goals[event.subject, events.Side.HOME], goals[event.subject, events.Side.AWAY]
        match event.data:
            case events.MatchIncidentData(kind=events.IncidentKind.GOAL, side=side):
                goals[event.subject, side] += 1
            case events.MatchPeriodData() as period:
                assert (period.home_score, period.away_score) == score
                checked += 1
            case events.MatchFinishedData() as finished:
                assert (finished.home_score, finished.away_score) == score
                checked += 1

    assert checked == 3 * 380


def test_minutes_pass_in_steps_of_five_and_only_while_the_match_is_on(
    league: list[events.AnyEvent],
) -> None:
    on: set[str] = set()
    minutes: Counter[int] = Counter()

    for event in league:
        if isinstance(event, events.MatchStarted):
            on.add(event.subject)
        elif isinstance(event, events.MatchFinished):
            on.remove(event.subject)
        elif isinstance(event, events.ClockTick) and event.data.minute is not None:
            assert event.subject in on
            minutes[event.data.minute] += 1

    assert minutes == dict.fromkeys(range(5, 91, 5), 380)
    assert not on


def test_the_rows_are_the_league_that_the_events_tell(league: list[events.AnyEvent]) -> None:
    told = {
        event.subject: (event.data.home_score, event.data.away_score)
        for event in league
        if isinstance(event, events.MatchFinished)
    }

    rows = simulate.rows(7, start=START)

    assert {row.match_id: (row.home_score, row.away_score) for row in rows} == told


def test_the_market_knows_more_than_how_often_home_wins() -> None:
    rows = [row for seed in range(5) for row in simulate.rows(seed, start=START)]
    frequency = Counter(row.outcome for row in rows)

    market = naive = 0.0
    for row in rows:
        assert row.avg_closing is not None
        assert row.outcome is not None
        market -= math.log(row.avg_closing.probabilities()["HDA".index(row.outcome)])
        naive -= math.log(frequency[row.outcome] / len(rows))

    assert market < naive


def test_even_teams_on_neutral_ground_have_even_chances() -> None:
    home, draw, away = true_probabilities(1.3, 1.3)

    assert home == pytest.approx(away)
    assert home + draw + away == pytest.approx(1)
    # The difference of two such Poisson numbers is 0 with probability exp(-2.6) I0(2.6).
    assert draw == pytest.approx(0.2639140, abs=1e-6)


def test_the_table_of_competitions_knows_the_league() -> None:
    assert load_competitions()[simulate.COMPETITION].pool == simulate.POOL


def test_without_odds_there_are_none() -> None:
    told = simulate.read(7, start=START, odds="none")

    assert not any(isinstance(event, events.OddsChanged) for event in told)


def test_a_league_has_a_season_to_learn_from_and_one_to_follow() -> None:
    made = simulate.league(1)

    seasons = Counter(match.season for match in made.matches)
    told = {event.subject for event in made.events() if event.subject}

    assert seasons == {"2024-25": 380, "2025-26": 380}
    assert told == {match.match_id for match in made.matches}
