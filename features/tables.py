"""What a pool's day works out over a competition's teams: their places, and their level."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from features.state import UNKNOWN, Level

if TYPE_CHECKING:
    from features.state import TeamState

ENOUGH_TEAMS = 8
ENOUGH_MATCHES = 5
"""A team's rating says something of its competition's level from so many matches on."""

_by_elo = attrgetter("elo", "key")


def level(members: list[TeamState]) -> Level | None:
    """A competition's level over the teams of its newest season; none while too few have played."""
    settled = [team for team in members if team.season_matches >= ENOUGH_MATCHES]
    if len(settled) < ENOUGH_TEAMS:
        return None
    settled.sort(key=_by_elo)
    weakest = settled[: max(len(settled) // 4, 1)]
    return Level(
        season=settled[0].season,
        elo=_mean([team.elo for team in settled]),
        low_elo=_mean([team.elo for team in weakest]),
        low_attack=_mean([team.attack for team in weakest]),
        low_defence=_mean([team.defence for team in weakest]),
        market=_mean([team.market for team in settled if team.market == team.market]),
        low_market=_mean([team.market for team in weakest if team.market == team.market]),
    )


def places(members: list[TeamState]) -> dict[str, float]:
    """Each team's place by points, goal difference and goals: 0 is the top, 1 the bottom.

    Whoever has not played this season has no place.
    """
    playing = [team for team in members if team.season_matches > 0]
    playing.sort(key=_standing)
    last = max(len(playing) - 1, 1)
    return {team.key: place / last for place, team in enumerate(playing)}


def _standing(team: TeamState) -> tuple[int, int, int, str]:
    difference = team.season_goals_for - team.season_goals_against
    return -team.season_points, -difference, -team.season_goals_for, team.key


def _mean(values: list[float]) -> float:
    """The mean; unknown of nothing."""
    return sum(values) / len(values) if values else UNKNOWN
