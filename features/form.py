"""Form: exponentially weighted averages of a team's last matches."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.state import Entry, PoolState, TeamState

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


def add_result(pool: PoolState, entry: Entry, home: TeamState, away: TeamState) -> None:
    """Fold a result into both teams' form, overall and at the ground where each played."""
    usual = (pool.home_goals + pool.away_goals) / 2.0
    for team, scored, conceded in (
        (home, entry.home, entry.away),
        (away, entry.away, entry.home),
    ):
        team.goals_for = averaged(team.goals_for, scored, usual)
        team.goals_against = averaged(team.goals_against, conceded, usual)
        team.points = averaged(team.points, points(scored, conceded), USUAL_POINTS)
    home_usual, away_usual, weight = pool.home_goals, pool.away_goals, VENUE_WEIGHT
    home.home_goals_for = averaged(home.home_goals_for, entry.home, home_usual, weight)
    home.home_goals_against = averaged(home.home_goals_against, entry.away, away_usual, weight)
    away.away_goals_for = averaged(away.away_goals_for, entry.away, away_usual, weight)
    away.away_goals_against = averaged(away.away_goals_against, entry.home, home_usual, weight)


def add_counts(home: TeamState, away: TeamState, entry: Entry) -> None:
    """Fold a match's counts into both teams, where they are known."""
    if entry.shots is not None:
        at_home, there = entry.shots
        home.shots_for = averaged(home.shots_for, at_home, USUAL_SHOTS)
        home.shots_against = averaged(home.shots_against, there, USUAL_SHOTS)
        away.shots_for = averaged(away.shots_for, there, USUAL_SHOTS)
        away.shots_against = averaged(away.shots_against, at_home, USUAL_SHOTS)
    if entry.on_target is not None:
        at_home, there = entry.on_target
        home.on_target_for = averaged(home.on_target_for, at_home, USUAL_ON_TARGET)
        home.on_target_against = averaged(home.on_target_against, there, USUAL_ON_TARGET)
        away.on_target_for = averaged(away.on_target_for, there, USUAL_ON_TARGET)
        away.on_target_against = averaged(away.on_target_against, at_home, USUAL_ON_TARGET)
    if entry.corners is not None:
        at_home, there = entry.corners
        home.corners_for = averaged(home.corners_for, at_home, USUAL_CORNERS)
        home.corners_against = averaged(home.corners_against, there, USUAL_CORNERS)
        away.corners_for = averaged(away.corners_for, there, USUAL_CORNERS)
        away.corners_against = averaged(away.corners_against, at_home, USUAL_CORNERS)
