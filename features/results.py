"""Results fold into teams: ratings, rates, form, table.

A match's first result is folded, in stream order. A result corrected later is on the match
(``result``), while ``folded`` says which one the ratings hold: folding a pool again from the day
before belongs between the two, in :func:`fold_result`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from features import elo, form, play, rates
from features.feeds import is_stale
from features.newcomer import entering

if TYPE_CHECKING:
    from features.state import MatchState, PoolState, Result, TeamState
    from features.world import World


def settled(world: World, match: MatchState) -> tuple[str, ...]:
    """Work out what follows from a match's changed facts, for it and for its teams' other matches.

    Returns the match itself, then the other open matches whose inputs moved, sorted.
    """
    was_over = match.over
    play.settle(match)
    match.stale = is_stale(world.pool(match.pool), match)
    world.keep_match(match)
    if match.over != was_over:
        world.index(match)
    others = {*fold_result(world, match), *fold_statistics(world, match)} - {match.match_id}
    return match.match_id, *sorted(others)


def fold_result(world: World, match: MatchState) -> list[str]:
    """Fold a played result into both teams, once; returns the teams' open matches.

    Awarded, abandoned and cancelled matches say nothing about strength and feed no rating.
    """
    if match.folded is not None or match.result is None or match.status != "finished":
        return []
    result, pool = match.result, world.pool(match.pool)
    home, away = _entered(world, pool, match)
    surprise = _rate(pool, match, result, home, away)
    for team, scored, conceded in (
        (home, result.home, result.away),
        (away, result.away, result.home),
    ):
        form.add_goals(pool, team, scored, conceded, at_home=team is home)
        _add_row(team, match, scored, conceded)
    match.folded = result
    if not match.neutral:
        _put_aside(world, pool, result, surprise)
    return _keep(world, match, home, away)


def fold_statistics(world: World, match: MatchState) -> list[str]:
    """Fold the counts of a folded match into both teams, once; returns the teams' open matches.

    Only counts of full-time or later are whole ones. They touch nothing that a result touches, so
    that it does not matter which of the two came first.
    """
    statistics, folded = match.statistics, match.folded
    if folded is None or match.statistics_folded or statistics is None:
        return []
    if statistics.at < folded.at:
        return []
    home, away = copy.copy(world.teams[match.home_key]), copy.copy(world.teams[match.away_key])
    form.add_statistics(home, away, statistics)
    match.statistics_folded = True
    return _keep(world, match, home, away)


def _keep(world: World, match: MatchState, home: TeamState, away: TeamState) -> list[str]:
    world.keep_match(match)
    world.keep_team(home)
    world.keep_team(away)
    return world.open_of_teams(home.key, away.key)


def _entered(world: World, pool: PoolState, match: MatchState) -> tuple[TeamState, TeamState]:
    """Copies of both teams, in this match's season where that is a new one."""
    home, away = (
        copy.copy(entering(pool, world.teams[key], match.competition, match.season, match.kick_off))
        for key in (match.home_key, match.away_key)
    )
    return home, away


def _rate(
    pool: PoolState, match: MatchState, result: Result, home: TeamState, away: TeamState
) -> float:
    """Move both teams' ratings; returns by how much home did better than expected."""
    advantage = 0.0 if match.neutral else pool.home_advantage
    expected = elo.expectancy(home.elo + advantage - away.elo)
    won = elo.gain(expected, result.home, result.away)
    expected_home, expected_away = goals_expected(pool, match, home, away)
    home_surprise = min(result.home, rates.MOST_GOALS) - expected_home
    away_surprise = min(result.away, rates.MOST_GOALS) - expected_away
    pi_home, pi_away = elo.pi_steps(home.pi_home, away.pi_away, result.home - result.away)
    home.elo, away.elo = home.elo + won, away.elo - won
    home.attack = rates.stepped(home.attack, home_surprise)
    away.defence = rates.stepped(away.defence, -home_surprise)
    away.attack = rates.stepped(away.attack, away_surprise)
    home.defence = rates.stepped(home.defence, -away_surprise)
    home.pi_home, home.pi_away = home.pi_home + pi_home, home.pi_away + elo.PI_CARRY * pi_home
    away.pi_away, away.pi_home = away.pi_away + pi_away, away.pi_home + elo.PI_CARRY * pi_away
    return elo.outcome(result.home, result.away) - expected


def _put_aside(world: World, pool: PoolState, result: Result, surprise: float) -> None:
    """Put a result aside for the pool's own parameters, which move when its next day begins."""
    pool = copy.copy(pool)
    pool.pending += 1
    pool.pending_surprise += surprise
    pool.pending_home_goals += result.home
    pool.pending_away_goals += result.away
    world.keep_pool(pool)


def goals_expected(
    pool: PoolState, match: MatchState, home: TeamState, away: TeamState
) -> tuple[float, float]:
    """Goals that each side is to score; on neutral ground both means are the same."""
    home_mean, away_mean = pool.home_goals, pool.away_goals
    if match.neutral:
        home_mean = away_mean = (home_mean + away_mean) / 2.0
    return (
        rates.expected_goals(home_mean, home.attack, away.defence),
        rates.expected_goals(away_mean, away.attack, home.defence),
    )


def _add_row(team: TeamState, match: MatchState, scored: int, conceded: int) -> None:
    """Count the match; in the table too, where it is of the team's current season."""
    team.matches += 1
    if team.last_kick_off is None or match.kick_off > team.last_kick_off:
        team.last_kick_off = match.kick_off
        team.competition = match.competition
    if match.season != team.season:
        return
    team.season_matches += 1
    team.season_points += form.points(scored, conceded)
    team.season_goals_for += scored
    team.season_goals_against += conceded
