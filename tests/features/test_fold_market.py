"""Prices in the fold: which of them are the market before play."""

from __future__ import annotations

import math

import pytest

from features import fold
from schemas import events as ev
from schemas.forecast import Quality
from tests.features.story import (
    at,
    changed,
    columns,
    context,
    fixture,
    full_time,
    goal,
    minute,
    odds,
    world_after,
)

FIRST = fixture("m1", "Arsenal", "Chelsea")


def test_the_market_is_the_average_where_it_is_told_else_the_consensus() -> None:
    world = world_after(FIRST)
    followed: list[tuple[str, int] | None] = []

    for bookmaker in ("zz", "B365", "ps", "avg", "zz"):
        fold(world, odds("m1", time=at(len(followed) - 60), bookmaker=bookmaker))
        market = world.matches["m1"].market
        followed.append((market.bookmaker, market.books) if market else None)

    assert followed == [("zz", 1), ("consensus", 2), ("consensus", 3), ("avg", 1), ("avg", 1)]


def test_an_opening_price_never_replaces_a_closing_one() -> None:
    closing = odds("m1", (1.5, 4.0, 7.0), at(-1), phase=ev.OddsPhase.CLOSING)
    opening = odds("m1", (1.9, 3.4, 4.2), at(5), phase=ev.OddsPhase.OPENING)
    world = world_after(FIRST, closing)

    fold(world, opening)

    market = world.matches["m1"].market
    assert market is not None
    assert columns(world, "m1", "market_phase") == [2.0]
    assert market.p_home > 0.6
    assert market.moved_home > 0.0 > market.moved_away


def test_a_suspended_market_has_no_probabilities_until_it_opens_again() -> None:
    world = world_after(FIRST, odds("m1", time=at(-60)))
    suspended = ev.OddsSuspended(
        **context("m1", at(-50)), data=ev.OddsSuspendedData(bookmaker="avg")
    )

    fold(world, suspended)
    closed = columns(world, "m1", "market_home", "market_phase")
    quality = world.matches["m1"].quality
    fold(world, odds("m1", time=at(-40)))

    assert math.isnan(closed[0])
    assert (closed[1], quality) == (0.0, Quality.SUSPENDED)
    assert columns(world, "m1", "market_phase") == [1.0]


_MARKET = ("market_home", "market_draw", "market_away", "market_phase")


@pytest.mark.parametrize("bookmakers", [("avg",), ("ps",), ("ps", "b365"), ("avg", "ps")])
def test_in_play_the_market_is_that_before_kick_off_as_minute_and_score_are_told_beside_it(
    bookmakers: tuple[str, ...],
) -> None:
    world = world_after(
        FIRST,
        *(odds("m1", time=at(-9), bookmaker=name) for name in bookmakers),
        minute("m1", 60, at(75)),
        goal("m1", "g", 58, time=at(74)),
    )
    before = columns(world, "m1", *_MARKET)

    for name in bookmakers:
        fold(world, odds("m1", (1.1, 9.0, 30.0), at(76), name))

    live = world.matches["m1"].market
    assert live is not None
    assert live.p_home > 0.85
    assert columns(world, "m1", *_MARKET) == pytest.approx(before)
    assert 0.4 < before[0] < 0.5
    assert columns(world, "m1", "market_moved_home")[0] > 2.0


def test_a_market_that_closes_for_a_goal_is_no_reason_to_forget_what_it_said_before_kick_off() -> (
    None
):
    closing = odds("m1", time=at(-1), phase=ev.OddsPhase.CLOSING)
    world = world_after(FIRST, closing, minute("m1", 10, at(10)))
    before = columns(world, "m1", *_MARKET)

    fold(
        world, ev.OddsSuspended(**context("m1", at(12)), data=ev.OddsSuspendedData(bookmaker="avg"))
    )

    assert columns(world, "m1", *_MARKET) == before
    assert before[3] == 2.0
    assert world.matches["m1"].quality is Quality.SUSPENDED
    assert math.isnan(columns(world, "m1", "market_moved_home")[0])


def test_prices_that_were_first_quoted_in_play_are_no_market_before_it() -> None:
    world = world_after(FIRST, minute("m1", 10, at(10)))

    fold(world, odds("m1", (1.1, 9.0, 30.0), at(12)))

    assert columns(world, "m1", "market_phase") == [0.0]
    assert world.matches["m1"].market is not None


@pytest.mark.parametrize("told", ["in time", "late"])
def test_a_price_quoted_since_play_began_early_says_nothing_of_before_it(told: str) -> None:
    quoted = odds("m1", time=at(-60))
    in_play = odds("m1", (1.1, 9.0, 30.0), at(-5))
    early = goal("m1", "g", 3, time=at(-12))
    story = [early, in_play] if told == "in time" else [in_play, early]

    world = world_after(FIRST, quoted, *story, full_time("m1", 1, 0, at(95)))

    home, phase = columns(world, "m1", "market_home", "market_phase")
    assert 0.4 < home < 0.5
    assert phase == 1.0
    held = world.matches["m1"].folded
    assert held is not None
    assert held.chances is not None
    assert held.chances[0] == pytest.approx(home)


@pytest.mark.parametrize("told", ["in time", "late"])
def test_a_price_quoted_before_a_kick_off_that_was_put_back_is_from_before_play(told: str) -> None:
    moved = changed("m1", ev.FixtureStatus.SCHEDULED, at(-30), kick_off=at(120))
    between = odds("m1", (1.5, 4.0, 7.0), at(60))
    story = [moved, between] if told == "in time" else [between, moved]

    world = world_after(FIRST, odds("m1", time=at(-60)), *story, full_time("m1", 1, 0, at(230)))

    held = world.matches["m1"].folded
    assert held is not None
    assert held.chances is not None
    assert held.chances[0] > 0.6
