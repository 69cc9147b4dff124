"""Teams that enter a match: for the first time, or in a new season."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from features.elo import regressed
from features.state import START_ELO, UNKNOWN, PoolState, TeamState

if TYPE_CHECKING:
    from datetime import datetime

SUMMER = 0.2
"""The share of the way to its competition's mean that a team's rating goes between seasons."""


def entering(
    pool: PoolState, team: TeamState, competition: str, season: str, kick_off: datetime
) -> TeamState:
    """The team as it enters a match.

    In a new season it comes nearer to its competition's mean, with an empty table row; a season is
    newer when its name sorts later and the match kicks off after the team's last. A team without a
    past is as good as its competition's weakest quarter: it was promoted.
    """
    last = team.last_kick_off
    if last is None:
        return _first_seen(pool, team, competition, season)
    if season <= team.season or kick_off <= last:
        return team
    level = pool.levels.get(competition)
    return msgspec.structs.replace(
        team,
        season=season,
        elo=regressed(team.elo, level.elo if level else START_ELO, SUMMER),
        attack=team.attack * (1.0 - SUMMER / 2.0),
        defence=team.defence * (1.0 - SUMMER / 2.0),
        season_matches=0,
        season_points=0,
        season_goals_for=0,
        season_goals_against=0,
    )


def _first_seen(pool: PoolState, team: TeamState, competition: str, season: str) -> TeamState:
    """Where the competition is new too, every rating starts in the middle.

    Averages of form are unknown until the first result.
    """
    level = pool.levels.get(competition)
    return msgspec.structs.replace(
        team,
        competition=competition,
        season=season,
        elo=level.low_elo if level else START_ELO,
        attack=level.low_attack if level else 0.0,
        defence=level.low_defence if level else 0.0,
        market=level.low_market if level else UNKNOWN,
    )
