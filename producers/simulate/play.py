"""One match played out: goals and cards by the minute, counts to fit, and what bookmakers say."""

from __future__ import annotations

import math
from random import Random

from msgspec import Struct

from producers.match_rows import Bookmaker, MatchRow, Prices, Result
from producers.simulate.fixture_list import COMPETITION, POOL, Pairing
from producers.timetable import london_day
from schemas.events import IncidentKind, MatchStatisticsData, Side
from schemas.slugs import match_id

FULL_TIME_MINUTE = 90
HALF_TIME_MINUTE = 45

_MOST_GOALS = 15
_OPENING_MARGIN, _OPENING_NOISE = 0.06, 0.10
_CLOSING_MARGIN, _CLOSING_NOISE = 0.05, 0.03
_LOWEST_PRICE, _HIGHEST_PRICE = 1.01, 500.0
_YELLOWS = {Side.HOME: 1.8, Side.AWAY: 2.1}
_RED_CHANCE = {Side.HOME: 0.04, Side.AWAY: 0.05}
_SHOTS_BESIDE, _SHOTS_PER_GOAL = 4.0, 5.0
_FOULS, _CORNERS_PER_GOAL = 11.0, 3.5


class Incident(Struct, frozen=True, order=True):
    """A goal or a card of one side in one minute."""

    minute: int
    side: str
    kind: str

    @property
    def is_goal(self) -> bool:
        """Whether the score moved."""
        return self.kind == IncidentKind.GOAL.value


class Played(Struct, frozen=True):
    """A match as results files know it, and its incidents by the minute."""

    row: MatchRow
    incidents: tuple[Incident, ...]


def play(seed: int, pairing: Pairing) -> Played:
    """Play one match: the same for a seed, whatever else is played."""
    name = match_id(COMPETITION, pairing.season, pairing.home, pairing.away)
    random = Random(f"{seed}:{name}")  # noqa: S311 - a game, not a secret
    expected = {Side.HOME: pairing.home_expected, Side.AWAY: pairing.away_expected}
    opening, closing = _market(random, pairing)
    incidents = tuple(sorted(_incidents(random, expected)))
    row = MatchRow(
        match_id=name,
        pool=POOL,
        competition=COMPETITION,
        season=pairing.season,
        date=london_day(pairing.kick_off),
        kick_off=pairing.kick_off,
        time_known=True,
        home=pairing.home,
        away=pairing.away,
        result=_score(incidents, FULL_TIME_MINUTE),
        half_time=_score(incidents, HALF_TIME_MINUTE),
        statistics=_statistics(random, expected, incidents),
        opening=opening,
        closing=closing,
    )
    return Played(row, incidents)


def true_probabilities(home_expected: float, away_expected: float) -> tuple[float, float, float]:
    """Home, draw, away of two independent Poisson scores."""
    home, away = _poisson(home_expected), _poisson(away_expected)
    home_wins = sum(home[h] * away[a] for h in range(_MOST_GOALS) for a in range(h))
    draw = sum(home[goals] * away[goals] for goals in range(_MOST_GOALS))
    away_wins = sum(home[h] * away[a] for a in range(_MOST_GOALS) for h in range(a))
    total = home_wins + draw + away_wins
    return home_wins / total, draw / total, away_wins / total


def _poisson(mean: float) -> list[float]:
    return [math.exp(-mean) * mean**count / math.factorial(count) for count in range(_MOST_GOALS)]


def _count(random: Random, mean: float) -> int:
    """Draw from a Poisson distribution by multiplying uniform numbers (Knuth)."""
    limit, product, count = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


def _incidents(random: Random, expected: dict[Side, float]) -> list[Incident]:
    found = []
    for side in (Side.HOME, Side.AWAY):
        kinds = [IncidentKind.GOAL] * min(_MOST_GOALS, _count(random, expected[side]))
        kinds += [IncidentKind.YELLOW] * _count(random, _YELLOWS[side])
        kinds += [IncidentKind.RED] * (random.random() < _RED_CHANCE[side])
        for kind in kinds:
            minute = random.randint(1, FULL_TIME_MINUTE)
            found.append(Incident(minute, side.value, kind.value))
    return found


def _tally(incidents: tuple[Incident, ...], side: Side, kind: IncidentKind, until: int) -> int:
    return sum(
        incident.side == side.value and incident.kind == kind.value and incident.minute <= until
        for incident in incidents
    )


def _score(incidents: tuple[Incident, ...], until: int) -> Result:
    return Result(
        _tally(incidents, Side.HOME, IncidentKind.GOAL, until),
        _tally(incidents, Side.AWAY, IncidentKind.GOAL, until),
    )


def _statistics(
    random: Random, expected: dict[Side, float], incidents: tuple[Incident, ...]
) -> MatchStatisticsData:
    counts: dict[str, int] = {}
    for side in (Side.HOME, Side.AWAY):
        goals = _tally(incidents, side, IncidentKind.GOAL, FULL_TIME_MINUTE)
        on_target = goals + _count(random, 2 * expected[side])
        shots = on_target + _count(random, _SHOTS_BESIDE + 2 * expected[side])
        counts |= {
            f"{side.value}_shots": shots,
            f"{side.value}_shots_on_target": on_target,
            f"{side.value}_corners": _count(random, _CORNERS_PER_GOAL * expected[side]),
            f"{side.value}_fouls": _count(random, _FOULS),
            f"{side.value}_yellows": _tally(incidents, side, IncidentKind.YELLOW, FULL_TIME_MINUTE),
            f"{side.value}_reds": _tally(incidents, side, IncidentKind.RED, FULL_TIME_MINUTE),
        }
    return MatchStatisticsData(**counts)


def _market(
    random: Random, pairing: Pairing
) -> tuple[dict[Bookmaker, Prices], dict[Bookmaker, Prices]]:
    truth = true_probabilities(pairing.home_expected, pairing.away_expected)
    opening = _prices(random, truth, _OPENING_MARGIN, _OPENING_NOISE)
    closing = _prices(random, truth, _CLOSING_MARGIN, _CLOSING_NOISE)
    return {"avg": opening}, {"avg": closing}


def _prices(
    random: Random, truth: tuple[float, float, float], margin: float, noise: float
) -> Prices:
    believed = [chance * math.exp(random.gauss(0, noise)) for chance in truth]
    total = sum(believed) / (1 + margin)
    home, draw, away = (
        min(_HIGHEST_PRICE, max(_LOWEST_PRICE, round(total / chance, 2))) for chance in believed
    )
    return Prices(home, draw, away)
