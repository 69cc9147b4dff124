"""Who plays whom, when, and how strong each team truly is."""

from __future__ import annotations

import datetime as dt
import math
from random import Random

from msgspec import Struct

from producers.timetable import london

COMPETITION = "sim1"
POOL = "simulation"

TEAMS = (
    "Alderwick", "Bramstone", "Castlemoor", "Dunhaven", "Elmsworth", "Fernbridge", "Garrowby",
    "Hollinford", "Ivershall", "Kestleigh", "Larchmont Vale", "Merrowdale", "Northwyke",
    "Oakenshaw", "Pellinore", "Quarrydown", "Ravensmere", "Stanebrook", "Thornacre", "Wexcombe",
)  # fmt: skip

_HOME_GOALS = 1.50
_AWAY_GOALS = 1.20
_SPREAD = 0.28
_DRIFT = 0.10
# Days after the round's Friday, and the hour.
_SLOTS = (
    (0, dt.time(20)),
    (1, dt.time(12, 30)),
    (1, dt.time(15)),
    (1, dt.time(15)),
    (1, dt.time(15)),
    (1, dt.time(17, 30)),
    (2, dt.time(14)),
    (2, dt.time(14)),
    (2, dt.time(16, 30)),
    (3, dt.time(20)),
)
_FRIDAY = 4


class Strength(Struct, frozen=True):
    """How many goals a team makes and prevents: logarithms about 0, the average team."""

    attack: float
    defence: float


class Pairing(Struct, frozen=True):
    """A match before it is played; expected goals are the truth that nobody in it knows."""

    season: str
    kick_off: dt.datetime
    home: str
    away: str
    home_expected: float
    away_expected: float


def pairings(seed: int, start: dt.date, *, seasons: int = 1) -> list[Pairing]:
    """Draw strengths and set the calendar: every team at home to every other once a season.

    The first season begins on the first Friday from *start* on, the others 52 weeks apart.
    """
    random = Random(f"{seed}:strengths")  # noqa: S311 - a game, not a secret
    strengths = {team: _drawn(random, _SPREAD) for team in TEAMS}
    friday = start + dt.timedelta(days=(_FRIDAY - start.weekday()) % 7)
    found: list[Pairing] = []
    for number in range(seasons):
        year = start.year + number
        season = f"{year}-{(year + 1) % 100:02}"
        found += _season(season, friday + dt.timedelta(weeks=52 * number), strengths)
        strengths = {team: _moved(random, strengths[team]) for team in TEAMS}
    return found


def _season(season: str, friday: dt.date, strengths: dict[str, Strength]) -> list[Pairing]:
    return [
        _pairing(season, friday + dt.timedelta(weeks=week), slot + week, teams, strengths)
        for week, games in enumerate(_rounds())
        for slot, teams in enumerate(games)
    ]


def _pairing(
    season: str,
    friday: dt.date,
    slot: int,
    teams: tuple[str, str],
    strengths: dict[str, Strength],
) -> Pairing:
    days, hour = _SLOTS[slot % len(_SLOTS)]
    home, away = strengths[teams[0]], strengths[teams[1]]
    return Pairing(
        season=season,
        kick_off=london(friday + dt.timedelta(days=days), hour),
        home=teams[0],
        away=teams[1],
        home_expected=_HOME_GOALS * math.exp(home.attack - away.defence),
        away_expected=_AWAY_GOALS * math.exp(away.attack - home.defence),
    )


def _rounds() -> list[list[tuple[str, str]]]:
    """Pair everyone with everyone: one stays, the others move round it; then home and away turn."""
    fixed, *others = TEAMS
    first_half = []
    for number in range(len(others)):
        circle = [fixed, *others[number:], *others[:number]]
        half = len(circle) // 2
        games = list(zip(circle[:half], reversed(circle[half:]), strict=True))
        first_half.append([game if number % 2 else game[::-1] for game in games])
    return first_half + [[game[::-1] for game in games] for games in first_half]


def _drawn(random: Random, spread: float) -> Strength:
    return Strength(random.gauss(0, spread), random.gauss(0, spread))


def _moved(random: Random, strength: Strength) -> Strength:
    step = _drawn(random, _DRIFT)
    # Drawn back a little towards the average, so that a league stays one.
    return Strength(0.9 * strength.attack + step.attack, 0.9 * strength.defence + step.defence)
