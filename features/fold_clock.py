"""The clock folds in: the minute of a match, or the start of a pool's day."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from features.checks import match_of, utc
from features.fold_fixture import RETENTION
from features.results import settled
from features.state import Clock
from features.tables import levels, positions
from schemas.errors import RejectedEventError

if TYPE_CHECKING:
    import datetime as dt

    from features.state import PoolState
    from features.world import World
    from schemas.events import ClockTick

ADVANTAGE_STEP = 0.6
"""Elo points by which home advantage moves for a win more, at home, than was expected."""

MOST_ADVANTAGE = 200.0
GOALS_WEIGHT = 0.003
"""The share of one match in the goal means."""


def clock_tick(world: World, event: ClockTick) -> tuple[str, ...]:
    """A minute of a live match passed, or a pool's day began.

    Raises:
        RejectedEventError: When it is both or neither, or its subject does not fit.
    """
    data = event.data
    if (data.minute is None) == (data.day is None):
        raise RejectedEventError("a tick tells either a minute or a day, exactly one of the two")
    if data.minute is not None:
        return _minute(world, event, data.minute)
    if event.subject:
        raise RejectedEventError(f"a pool's day is not about one match, here {event.subject}")
    return () if data.day is None else _day(world, event.partitionkey, data.day)


def _minute(world: World, event: ClockTick, minute: int) -> tuple[str, ...]:
    """The newest word on the minute stands, also when it goes back."""
    match = match_of(world, event)
    at = utc(event.time, "time")
    clock = Clock(at, minute, event.data.stoppage)
    if match.clock is not None and clock <= match.clock:
        return ()
    match.clock = clock
    match.started_at = at if match.started_at is None else max(at, match.started_at)
    return settled(world, match)


def _day(world: World, name: str, day: dt.date) -> tuple[str, ...]:
    """Move what all teams of the pool share by the results since its last day.

    All open matches of the pool may change by that. Matches long over are forgotten.
    """
    pool = copy.copy(world.pool(name))
    if pool.day is not None and day <= pool.day:
        return ()
    pool.day = day
    moved = pool.pending > 0
    if moved:
        _move(pool)
        teams = [team for _, team in sorted(world.teams.items()) if team.pool == name]
        pool.levels = levels(teams, pool.levels)
        for team in positions(teams):
            world.keep_team(team)
    world.keep_pool(pool)
    _forget(world, pool, day)
    if not moved:
        return ()
    found = world.open_in_pool(name)
    for match_id in found:
        world.team_parts.pop(match_id, None)
    return tuple(found)


def _move(pool: PoolState) -> None:
    """Move home advantage and goal means, and clear what was put aside."""
    advantage = pool.home_advantage + ADVANTAGE_STEP * pool.pending_surprise
    pool.home_advantage = min(max(advantage, -MOST_ADVANTAGE), MOST_ADVANTAGE)
    weight = 1.0 - (1.0 - GOALS_WEIGHT) ** pool.pending
    home, away = pool.pending_home_goals / pool.pending, pool.pending_away_goals / pool.pending
    pool.home_goals += weight * (min(home, 10.0) - pool.home_goals)
    pool.away_goals += weight * (min(away, 10.0) - pool.away_goals)
    pool.pending = pool.pending_home_goals = pool.pending_away_goals = 0
    pool.pending_surprise = 0.0


def _forget(world: World, pool: PoolState, day: dt.date) -> None:
    for match_id in world.over_in_pool(pool.pool):
        match = world.matches[match_id]
        if match.kick_off.date() < day - RETENTION:
            world.forget(match)
