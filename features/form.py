"""Form: exponentially weighted averages of a team's last matches."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.state import PoolState, Statistics, TeamState

WEIGHT = 0.08
"""The share of the newest match in an average over all matches (half of it in 8 matches)."""

VENUE_WEIGHT = 0.12
"""The same for matches at home, or away, of which there are half as many."""

USUAL_POINTS = 1.37
USUAL_SHOTS = 12.5
USUAL_ON_TARGET = 4.3
USUAL_CORNERS = 5.0


def points(scored: int, conceded: int) -> int:
    """Three for a win, one for a draw."""
    return 3 if scored > conceded else 1 if scored == conceded else 0


def averaged(average: float, value: float, usual: float, weight: float = WEIGHT) -> float:
    """The average after one more match; before the first one it is what is usual."""
    before = usual if isnan(average) else average
    return before + weight * (value - before)


def add_goals(
    pool: PoolState, team: TeamState, scored: int, conceded: int, *, at_home: bool
) -> None:
    """Fold a result into a team's form, overall and at the ground where it was played."""
    usual = (pool.home_goals + pool.away_goals) / 2.0
    team.goals_for = averaged(team.goals_for, scored, usual)
    team.goals_against = averaged(team.goals_against, conceded, usual)
    team.points = averaged(team.points, points(scored, conceded), USUAL_POINTS)
    if at_home:
        team.home_goals_for = averaged(team.home_goals_for, scored, pool.home_goals, VENUE_WEIGHT)
        team.home_goals_against = averaged(
            team.home_goals_against, conceded, pool.away_goals, VENUE_WEIGHT
        )
    else:
        team.away_goals_for = averaged(team.away_goals_for, scored, pool.away_goals, VENUE_WEIGHT)
        team.away_goals_against = averaged(
            team.away_goals_against, conceded, pool.home_goals, VENUE_WEIGHT
        )


def add_statistics(home: TeamState, away: TeamState, statistics: Statistics) -> None:
    """Fold a match's counts into both teams; a pair of which one side is unknown is left out."""
    home_shots, away_shots = statistics.shots
    if home_shots is not None and away_shots is not None:
        home.shots_for = averaged(home.shots_for, home_shots, USUAL_SHOTS)
        home.shots_against = averaged(home.shots_against, away_shots, USUAL_SHOTS)
        away.shots_for = averaged(away.shots_for, away_shots, USUAL_SHOTS)
        away.shots_against = averaged(away.shots_against, home_shots, USUAL_SHOTS)
    home_target, away_target = statistics.on_target
    if home_target is not None and away_target is not None:
        home.on_target_for = averaged(home.on_target_for, home_target, USUAL_ON_TARGET)
        home.on_target_against = averaged(home.on_target_against, away_target, USUAL_ON_TARGET)
        away.on_target_for = averaged(away.on_target_for, away_target, USUAL_ON_TARGET)
        away.on_target_against = averaged(away.on_target_against, home_target, USUAL_ON_TARGET)
    home_corners, away_corners = statistics.corners
    if home_corners is not None and away_corners is not None:
        home.corners_for = averaged(home.corners_for, home_corners, USUAL_CORNERS)
        home.corners_against = averaged(home.corners_against, away_corners, USUAL_CORNERS)
        away.corners_for = averaged(away.corners_for, away_corners, USUAL_CORNERS)
        away.corners_against = averaged(away.corners_against, home_corners, USUAL_CORNERS)
