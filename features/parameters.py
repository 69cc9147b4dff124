"""What all teams of a pool share: home advantage, goal means, levels, tables.

These move between two days with results, by sums that do not depend on the order of the summands.
"""

from __future__ import annotations

import copy
from bisect import insort
from math import fsum
from typing import TYPE_CHECKING

from features.state import Table
from features.tables import level, places

if TYPE_CHECKING:
    from features.state import Pending, PoolState, TeamState
    from features.world import World

ADVANTAGE_STEP = 0.6
"""Elo points by which home advantage moves for a win more, at home, than was expected."""

MOST_ADVANTAGE = 200.0
GOALS_WEIGHT = 0.003
"""The share of one match in the goal means."""

MARKET_STEP = 0.005
"""The share of one match's surprise by which the market's home advantage moves."""


def with_pending(pool: PoolState, pending: Pending, competition: str) -> PoolState:
    """A copy of the pool with one more result put aside until its next day."""
    pool = copy.copy(pool)
    pool.pending = [*pool.pending]
    insort(pool.pending, pending)
    if competition not in pool.pending_competitions:
        pool.pending_competitions = sorted([*pool.pending_competitions, competition])
    return pool


def move(world: World, name: str) -> bool:
    """Move what the teams share by the results put aside; returns whether there were any."""
    pool = world.pool(name)
    if not pool.pending_competitions:
        return False
    pool = copy.copy(pool)
    _move(pool, [one for one in pool.pending if not one.neutral])
    changed = pool.pending_competitions
    pool.pending, pool.pending_competitions = [], []
    by_competition = _members(world.teams_of(name))
    pool.levels = dict(pool.levels)
    for competition in changed:
        risen = level(by_competition.get(competition, []))
        if risen is not None:
            pool.levels[competition] = risen
    world.keep_pool(pool)
    _rank(world, name, by_competition)
    return True


def rank(world: World, name: str) -> None:
    """Make a pool's tables anew, after results were taken out of them."""
    _rank(world, name, _members(world.teams_of(name)))


def _rank(world: World, name: str, by_competition: dict[str, list[TeamState]]) -> None:
    found: dict[str, float] = {}
    for members in by_competition.values():
        found.update(places(members))
    world.keep_table(name, Table(found))


def _members(teams: list[TeamState]) -> dict[str, list[TeamState]]:
    """Each competition's teams of its newest season that have played."""
    found: dict[str, list[TeamState]] = {}
    for team in teams:
        if team.matches:
            found.setdefault(team.competition, []).append(team)
    for competition, members in found.items():
        newest = max(team.season for team in members)
        found[competition] = [team for team in members if team.season == newest]
    return found


def _move(pool: PoolState, pending: list[Pending]) -> None:
    """Move home advantage and goal means by these results."""
    if not pending:
        return
    advantage = pool.home_advantage + ADVANTAGE_STEP * fsum(one.surprise for one in pending)
    pool.home_advantage = min(max(advantage, -MOST_ADVANTAGE), MOST_ADVANTAGE)
    weight = 1.0 - (1.0 - GOALS_WEIGHT) ** len(pending)
    home = sum(one.home_goals for one in pending) / len(pending)
    away = sum(one.away_goals for one in pending) / len(pending)
    pool.home_goals += weight * (min(home, 10.0) - pool.home_goals)
    pool.away_goals += weight * (min(away, 10.0) - pool.away_goals)
    priced = [one.market_surprise for one in pending if one.priced]
    pool.market_advantage += MARKET_STEP * fsum(priced)
