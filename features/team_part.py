"""The columns of a vector that results and the pool's days move: ratings, form, rest, table."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from features.elo import expectancy, pi_difference
from features.form import USUAL_POINTS
from features.rates import outcome_probabilities
from features.ratings import goals_expected

if TYPE_CHECKING:
    from datetime import datetime

    from features.state import MatchState, PoolState, Table, TeamState

MOST_REST_DAYS = 14.0
MOST_MATCHES = 200
USUAL_MATCHES = 5
"""Usual matches added to a season's points, so that one win in August is no form."""

_DAY_S = 86_400.0


def own_columns(match: MatchState, home: TeamState, away: TeamState) -> tuple[float, ...]:
    """The columns that the two teams, as they enter the match, give by themselves."""
    return (
        *_strength(home, away),
        *_form(home, away),
        *_shots(home, away),
        *_season(match, home, away),
    )


def pool_columns(
    pool: PoolState, table: Table | None, match: MatchState, home: TeamState, away: TeamState
) -> tuple[float, ...]:
    """The columns that what all teams of the pool share has a part in."""
    neutral = match.neutral
    advantage = 0.0 if neutral else pool.home_advantage
    goals_home, goals_away = goals_expected(pool, home, away, neutral=neutral)
    win, draw, loss = outcome_probabilities(goals_home, goals_away)
    # NaN where either team has no past odds.
    past_market = home.market - away.market + (0.0 if neutral else pool.market_advantage)
    return (
        expectancy(home.elo + advantage - away.elo),
        goals_home,
        goals_away,
        win,
        draw,
        loss,
        past_market,
        _place(table, home),
        _place(table, away),
        advantage,
        pool.home_goals + pool.away_goals,
    )


def _place(table: Table | None, team: TeamState) -> float:
    if table is None or not team.season_matches:
        return nan
    return table.places.get(team.key, nan)


def _strength(home: TeamState, away: TeamState) -> tuple[float, ...]:
    return (
        home.elo,
        away.elo,
        home.elo - away.elo,
        home.attack,
        away.attack,
        home.defence,
        away.defence,
        home.pi_home,
        away.pi_away,
        pi_difference(home.pi_home) - pi_difference(away.pi_away),
    )


def _form(home: TeamState, away: TeamState) -> tuple[float, ...]:
    home_net, away_net = home.goals_for - home.goals_against, away.goals_for - away.goals_against
    return (
        home.points,
        away.points,
        home.points - away.points,
        home.goals_for,
        away.goals_for,
        home.goals_against,
        away.goals_against,
        home_net - away_net,
        home.home_goals_for,
        away.away_goals_for,
        home.home_goals_against,
        away.away_goals_against,
    )


def _shots(home: TeamState, away: TeamState) -> tuple[float, ...]:
    shots = (home.shots_for - home.shots_against) - (away.shots_for - away.shots_against)
    on_target = (home.on_target_for - home.on_target_against) - (
        away.on_target_for - away.on_target_against
    )
    corners = (home.corners_for - home.corners_against) - (away.corners_for - away.corners_against)
    return (
        home.shots_for,
        away.shots_for,
        home.shots_against,
        away.shots_against,
        shots,
        home.on_target_for,
        away.on_target_for,
        home.on_target_against,
        away.on_target_against,
        on_target,
        corners,
    )


def _season(match: MatchState, home: TeamState, away: TeamState) -> tuple[float, ...]:
    home_rest = _rest(home.last_kick_off, match.kick_off)
    away_rest = _rest(away.last_kick_off, match.kick_off)
    home_points, away_points = _season_points(home), _season_points(away)
    return (
        home_rest,
        away_rest,
        home_rest - away_rest,
        home.season_matches,
        away.season_matches,
        min(home.matches, MOST_MATCHES),
        min(away.matches, MOST_MATCHES),
        home_points,
        away_points,
        home_points - away_points,
    )


def _rest(last: datetime | None, kick_off: datetime) -> float:
    if last is None:
        return nan
    rest = kick_off - last
    return min(max(rest.days + rest.seconds / _DAY_S, 0.0), MOST_REST_DAYS)


def _season_points(team: TeamState) -> float:
    earned = team.season_points + USUAL_MATCHES * USUAL_POINTS
    return earned / (team.season_matches + USUAL_MATCHES)
