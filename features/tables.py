"""What a pool's day works out over all of its teams: league positions, and competitions' levels."""

from __future__ import annotations

import copy
from itertools import groupby
from typing import TYPE_CHECKING

from features.state import Level

if TYPE_CHECKING:
    from features.state import TeamState

ENOUGH_TEAMS = 8
ENOUGH_MATCHES = 5
"""A team's rating says something of its competition's level from so many matches on."""


def levels(teams: list[TeamState], before: dict[str, Level]) -> dict[str, Level]:
    """Each competition's level over its newest season; the old one while too few have played."""
    found = dict(before)
    for competition, members in _by_competition(teams):
        settled = [team for team in members if team.season_matches >= ENOUGH_MATCHES]
        if len(settled) < ENOUGH_TEAMS:
            continue
        ranked = sorted(settled, key=lambda team: (team.elo, team.key))
        weakest = ranked[: max(len(ranked) // 4, 1)]
        found[competition] = Level(
            season=settled[0].season,
            elo=_mean([team.elo for team in settled]),
            low_elo=_mean([team.elo for team in weakest]),
            low_attack=_mean([team.attack for team in weakest]),
            low_defence=_mean([team.defence for team in weakest]),
        )
    return found


def positions(teams: list[TeamState]) -> list[TeamState]:
    """Copies of the teams whose place in their table moved: 0 is the top, 1 the bottom.

    By points, goal difference and goals; whoever has not played this season has no place.
    """
    moved = []
    for _, members in _by_competition(teams):
        playing = [team for team in members if team.season_matches > 0]
        playing.sort(key=_standing)
        last = max(len(playing) - 1, 1)
        for place, team in enumerate(playing):
            if team.position != place / last:
                placed = copy.copy(team)
                placed.position = place / last
                moved.append(placed)
    return moved


def _by_competition(teams: list[TeamState]) -> list[tuple[str, list[TeamState]]]:
    """Each competition's teams of its newest season."""
    ordered = sorted(teams, key=lambda team: (team.competition, team.key))
    grouped = []
    for competition, group in groupby(ordered, key=lambda team: team.competition):
        members = list(group)
        newest = max(team.season for team in members)
        grouped.append((competition, [team for team in members if team.season == newest]))
    return grouped


def _standing(team: TeamState) -> tuple[int, int, int, str]:
    difference = team.season_goals_for - team.season_goals_against
    return -team.season_points, -difference, -team.season_goals_for, team.key


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
