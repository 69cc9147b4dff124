"""What sources and bookmakers do, one test each: silence, contradiction, impossible numbers."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest

from features import World, fold, words
from schemas import events as ev
from schemas.errors import MalformedEventError, RejectedEventError
from schemas.events import decode_event, encode_event
from schemas.forecast import Quality
from tests.features.story import (
    at,
    columns,
    context,
    fixture,
    full_time,
    goal,
    minute,
    odds,
    stored,
    world_after,
)

if TYPE_CHECKING:
    import datetime as dt

FIRST = fixture("m1", "Arsenal", "Chelsea")


def _silent(source: str, time: dt.datetime) -> ev.FeedSilent:
    data = ev.FeedSilentData(silent_source=source)
    return ev.FeedSilent(**context("", time, source="clock"), data=data)


def _alive(source: str, time: dt.datetime) -> ev.FeedHeartbeat:
    return ev.FeedHeartbeat(**context("", time, source=source), data=ev.FeedHeartbeatData())


def _score(world: World) -> tuple[int, int]:
    return world.matches["m1"].home_score, world.matches["m1"].away_score


def test_a_suspended_market_is_not_opened_by_stale_prices() -> None:
    suspended = ev.OddsSuspended(
        **context("m1", at(20)), data=ev.OddsSuspendedData(bookmaker="avg", market_version=7)
    )
    world = world_after(FIRST, odds("m1", time=at(10), market_version=6), suspended)

    fold(world, odds("m1", (1.5, 4.0, 7.0), at(19), market_version=6))
    fold(world, odds("m1", (1.4, 4.0, 8.0), at(25), market_version=5))
    closed = columns(world, "m1", "market_home", "market_phase")
    quality = world.matches["m1"].quality
    fold(world, odds("m1", (1.3, 5.0, 9.0), at(30), market_version=8))

    assert math.isnan(closed[0])
    assert (closed[1], quality) == (0.0, Quality.SUSPENDED)
    assert columns(world, "m1", "market_phase") == [1.0]


def test_a_connected_feed_that_says_nothing_makes_its_matches_stale() -> None:
    world = world_after(FIRST, goal("m1", "a", 12))

    ids = fold(world, _silent("test", at(20)))
    quiet = world.matches["m1"].quality
    again = fold(world, _alive("test", at(25)))

    assert ids == again == ("m1",)
    assert (quiet, world.matches["m1"].quality) == (Quality.STALE, Quality.FRESH)


def test_a_feed_whose_clock_is_ahead_does_not_outbid_the_others() -> None:
    ahead = ev.MatchStarted(**context("m1", at(60), recordedtime=at(0)), data=ev.MatchStartedData())
    world = world_after(FIRST, ahead)

    fold(world, minute("m1", 7, at(7)))

    assert world.matches["m1"].minute == 7


@pytest.mark.parametrize(
    ("field", "value"), [("home", 1.0), ("draw", 0.0), ("away", -2.0), ("home", None)]
)
def test_a_price_of_one_or_less_or_none_at_all_is_set_aside(
    field: str, value: float | None
) -> None:
    told = json.loads(encode_event(odds("m1")))
    told["data"][field] = value
    if value is None:
        del told["data"][field]

    with pytest.raises(MalformedEventError):
        decode_event(json.dumps(told).encode())


@pytest.mark.parametrize("prices", [(1.01, 1.02, 1.03), (9.0, 9.0, 9.0), (1.0, 3.0, 3.0)])
def test_prices_that_no_bookmaker_gives_are_refused(prices: tuple[float, float, float]) -> None:
    world = world_after(FIRST)
    world.take_changes()

    with pytest.raises(RejectedEventError, match="price"):
        fold(world, odds("m1", prices))

    assert world.take_changes() == []


@pytest.mark.parametrize("stoppage", [46, 99])
def test_a_stoppage_longer_than_a_half_is_refused(stoppage: int) -> None:
    data = ev.MatchIncidentData(
        incident_id="a",
        revision=1,
        kind=ev.IncidentKind.GOAL,
        side=ev.Side.HOME,
        minute=90,
        stoppage=stoppage,
    )

    with pytest.raises(RejectedEventError, match="in no match"):
        fold(world_after(FIRST), ev.MatchIncident(**context("m1", at(90)), data=data))


def test_the_most_trusted_source_that_speaks_is_in_force() -> None:
    world = world_after(
        FIRST,
        goal("m1", "a", 12, source="incidents"),
        goal("m1", "x", 12, source="other"),
        goal("m1", "y", 20, source="other"),
    )
    trusted = _score(world), world.matches["m1"].quality

    silence = _silent("incidents", at(30))
    ids = fold(world, silence)
    backup = _score(world), world.matches["m1"].quality
    fold(world, _alive("incidents", at(40)))

    assert trusted == ((1, 0), Quality.DEGRADED)
    assert backup == ((2, 0), Quality.DEGRADED)
    assert ids == ("m1",)
    assert words(silence, world.matches["m1"]) == "incidents is silent"
    assert _score(world) == (1, 0)


def test_sources_that_agree_leave_the_forecast_fresh() -> None:
    world = world_after(
        FIRST,
        goal("m1", "a", 12, source="incidents"),
        goal("m1", "x", 12, source="other"),
    )

    assert world.matches["m1"].quality is Quality.FRESH


def test_a_match_is_stale_only_when_no_source_of_its_score_speaks() -> None:
    world = world_after(
        FIRST, goal("m1", "a", 12, source="incidents"), goal("m1", "x", 12, source="other")
    )

    fold(world, _silent("incidents", at(20)))
    one = world.matches["m1"].quality
    fold(world, _silent("other", at(21)))

    assert (one, world.matches["m1"].quality) == (Quality.DEGRADED, Quality.STALE)


def test_a_result_of_the_more_trusted_source_stands_whichever_came_first() -> None:
    mine = full_time("m1", 2, 1, source="incidents")
    other = full_time("m1", 2, 2, at(111), source="other")

    one, two = world_after(FIRST, mine, other), world_after(FIRST, other, mine)

    assert _score(one) == _score(two) == (2, 1)
    assert stored(one) == stored(two)


def test_the_consensus_is_the_median_without_suspended_and_stale_bookmakers() -> None:
    world = world_after(
        FIRST,
        odds("m1", (2.0, 3.5, 4.0), at(-60), "one"),
        odds("m1", (2.1, 3.4, 3.9), at(-59), "two"),
        odds("m1", (9.0, 4.0, 1.4), at(-58), "three"),
        odds("m1", (1.2, 7.0, 15.0), at(-3000), "old"),
        odds("m1", (1.1, 9.0, 20.0), at(-61), "closed"),
    )
    closed = ev.OddsSuspendedData(bookmaker="closed")

    fold(world, ev.OddsSuspended(**context("m1", at(-57)), data=closed))

    market = world.matches["m1"].market
    assert market is not None
    assert (market.bookmaker, market.books) == ("consensus", 3)
    assert 0.42 < market.p_home < 0.5
    assert market.p_home + market.p_draw + market.p_away == pytest.approx(1.0)


def test_a_silent_sources_prices_give_way_to_those_of_one_that_speaks() -> None:
    world = world_after(
        FIRST,
        odds("m1", (2.0, 3.5, 4.0), at(-60), "avg", source="one"),
        odds("m1", (3.0, 3.5, 2.5), at(-60), "ps", source="two"),
    )

    fold(world, _silent("one", at(-50)))

    market = world.matches["m1"].market
    assert market is not None
    assert market.bookmaker == "ps"


def test_a_market_that_only_ever_suspended_is_the_same_after_a_restart() -> None:
    closed = ev.OddsSuspended(**context("m1", at(-50)), data=ev.OddsSuspendedData(bookmaker="avg"))
    status = ev.FeedStatus(**context("", at(-40)), data=ev.FeedStatusData(state=ev.FeedState.ALIVE))
    world = world_after(FIRST, closed)
    again = World.load(stored(world_after(FIRST, closed)))

    assert fold(again, status) == fold(world, status) == ()
    assert again.matches["m1"].quality is Quality.SUSPENDED


def test_one_bookmaker_told_by_two_sources_is_taken_from_the_more_trusted() -> None:
    world = world_after(
        FIRST,
        odds("m1", (3.0, 3.5, 2.5), at(-50), "ps", source="other"),
        odds("m1", (2.0, 3.5, 4.0), at(-60), "ps", source="betfair"),
    )

    market = world.matches["m1"].market
    assert market is not None
    assert (market.books, market.p_home > 0.45) == (1, True)


def test_no_feed_can_fill_the_memory_of_a_match() -> None:
    incidents = [goal("m1", f"g{number}", 12) for number in range(400)]
    prices = [odds("m1", bookmaker=f"b{number}") for number in range(64)]
    world = world_after(FIRST, *incidents, *prices)

    with pytest.raises(RejectedEventError, match="400 incidents"):
        fold(world, goal("m1", "one more", 12))
    with pytest.raises(RejectedEventError, match="64 bookmakers"):
        fold(world, odds("m1", bookmaker="one more"))

    assert len(world.matches["m1"].books) == 64


def test_without_odds_the_past_market_is_empty() -> None:
    later = fixture("m2", "Chelsea", "Arsenal", at(days=7), time=at(-90))
    world = world_after(FIRST, later, full_time("m1", 2, 1))

    told, moved = columns(world, "m2", "past_market_difference", "market_moved_home")

    assert math.isnan(told)
    assert math.isnan(moved)


def test_closing_odds_of_past_matches_rate_both_teams_and_odds_in_play_do_not() -> None:
    later = fixture("m2", "Chelsea", "Arsenal", at(days=7), time=at(-90))
    closing = odds("m1", (1.3, 5.5, 11.0), at(-1), phase=ev.OddsPhase.CLOSING)
    in_play = odds("m1", (30.0, 10.0, 1.05), at(80), phase=ev.OddsPhase.CURRENT)
    result = full_time("m1", 0, 2)

    plain = world_after(FIRST, later, closing, result)
    played = world_after(FIRST, later, closing, in_play, result)

    told = columns(plain, "m2", "past_market_difference")
    assert told[0] < 0.0
    assert plain.teams["england/arsenal"].market > 0.0 > plain.teams["england/chelsea"].market
    assert columns(played, "m2", "past_market_difference") == told
