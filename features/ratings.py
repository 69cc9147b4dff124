"""A result moves both teams' ratings, and says what it adds to what all teams share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features import elo, past_market, rates
from features.state import Pending

if TYPE_CHECKING:
    from features.state import Entry, PoolState, TeamState


def rate(
    pool: PoolState, entry: Entry, home: TeamState, away: TeamState, *, neutral: bool
) -> Pending:
    """Move both teams' ratings in place; returns what is put aside for the pool's next day."""
    advantage = 0.0 if neutral else pool.home_advantage
    expected = elo.expectancy(home.elo + advantage - away.elo)
    won = elo.gain(expected, entry.home, entry.away)
    expected_home, expected_away = goals_expected(pool, home, away, neutral=neutral)
    home_surprise = min(entry.home, rates.MOST_GOALS) - expected_home
    away_surprise = min(entry.away, rates.MOST_GOALS) - expected_away
    pi_home, pi_away = elo.pi_steps(home.pi_home, away.pi_away, entry.home - entry.away)
    home.elo, away.elo = home.elo + won, away.elo - won
    home.attack = rates.stepped(home.attack, home_surprise)
    away.defence = rates.stepped(away.defence, -home_surprise)
    away.attack = rates.stepped(away.attack, away_surprise)
    home.defence = rates.stepped(home.defence, -away_surprise)
    home.pi_home, home.pi_away = home.pi_home + pi_home, home.pi_away + elo.PI_CARRY * pi_home
    away.pi_away, away.pi_home = away.pi_away + pi_away, away.pi_home + elo.PI_CARRY * pi_away
    market_surprise = past_market.learn(pool, entry.chances, home, away, neutral=neutral)
    return Pending(
        elo.outcome(entry.home, entry.away) - expected,
        entry.home,
        entry.away,
        neutral,
        market_surprise is not None,
        market_surprise or 0.0,
    )


def goals_expected(
    pool: PoolState, home: TeamState, away: TeamState, *, neutral: bool
) -> tuple[float, float]:
    """Goals that each side is to score; on neutral ground both means are the same."""
    home_mean, away_mean = pool.home_goals, pool.away_goals
    if neutral:
        home_mean = away_mean = (home_mean + away_mean) / 2.0
    return (
        rates.expected_goals(home_mean, home.attack, away.defence),
        rates.expected_goals(away_mean, away.attack, home.defence),
    )
