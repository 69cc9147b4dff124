"""The load: 1,000 open matches in 8 pools; 70 % odds, 20 % ticks of the clock, 10 % incidents.

A pure function of its seed. :func:`before` is what has happened until the measurement begins: teams
with some results, today's fixtures, kick-offs of those under way. :class:`Mix` then goes on for as
long as it is asked. More than 95 of 100 of its events change a match's inputs and so give a
forecast; the rest are yellow cards and substitutions, which do not.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

from msgspec import Struct

from schemas.events import (
    AnyEvent,
    ClockTick,
    ClockTickData,
    FixtureScheduled,
    FixtureScheduledData,
    IncidentKind,
    MatchFinished,
    MatchFinishedData,
    MatchIncident,
    MatchIncidentData,
    MatchStarted,
    MatchStartedData,
    MatchStatistics,
    MatchStatisticsData,
    ModelPromoted,
    ModelPromotedData,
    OddsChanged,
    OddsChangedData,
    OddsPhase,
    Operation,
    Side,
)
from schemas.slugs import match_id

if TYPE_CHECKING:
    from collections.abc import Iterator

POOLS = tuple(f"pool-{number}" for number in range(8))
MATCHES_A_POOL = 125
LIVE_A_POOL = 50
FORECASTS_AN_EVENT = 0.95
"""At least so many forecasts come of an event of the mix."""

_SOURCE = "benchmark"
_SEASON = "2025-26"
_TODAY = dt.datetime(2025, 11, 22, 15, tzinfo=dt.UTC)
_ROUNDS_BEFORE = 2
_MARGIN = 1.05
_LATEST_START_MINUTE = 30
# 400 live matches, each ticked once a minute, are a fifth of all events.
_STEP = dt.timedelta(milliseconds=30)
# The first prices come before kick-off; who is not under way has all day.
_EARLIER, _LATER = dt.timedelta(hours=1), dt.timedelta(hours=12)
_ODDS_SHARE, _TICKS_SHARE = 0.7, 0.2
# Of a hundred incidents; the last two change no input of a forecast.
_INCIDENTS = ("goal",) * 50 + ("red",) * 8 + ("withdrawn",) * 7 + ("yellow",) * 20 + ("sub",) * 15
_KINDS = {
    "goal": IncidentKind.GOAL,
    "red": IncidentKind.RED,
    "yellow": IncidentKind.YELLOW,
    "sub": IncidentKind.SUBSTITUTION,
}


class Fixture(Struct, frozen=True):
    """A match of today."""

    match_id: str
    pool: str
    home: str
    away: str
    is_live: bool


def fixtures() -> list[Fixture]:
    """Today's matches, pool by pool; the first fifty of each pool are under way."""
    return [
        Fixture(_name(pool, number, 0), pool, *_teams(number, 0), number < LIVE_A_POOL)
        for pool in POOLS
        for number in range(MATCHES_A_POOL)
    ]


def before(seed: int, model: str | None = None) -> Iterator[AnyEvent]:
    """Yield all that comes before the measurement, in time order; first *model* takes over."""
    rng = random.Random(seed)
    if model is not None:
        yield from (_promoted(pool, model) for pool in POOLS)
    for back in range(_ROUNDS_BEFORE, 0, -1):
        yield from _round_before(back, rng)
    yield from (_day(pool, _TODAY) for pool in POOLS)
    for fixture in fixtures():
        kick_off = _TODAY if fixture.is_live else _TODAY + _LATER
        yield _scheduled(fixture.match_id, fixture.pool, fixture.home, fixture.away, kick_off)
        yield _odds(fixture, f"{fixture.match_id}:first", _TODAY - _EARLIER, _chances(rng))
    for fixture in fixtures():
        if fixture.is_live:
            yield MatchStarted(
                id=f"{fixture.match_id}:started",
                source=_SOURCE,
                subject=fixture.match_id,
                time=_TODAY,
                partitionkey=fixture.pool,
                data=MatchStartedData(),
            )


class Mix:
    """The events measured: an iterator without end."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._all = fixtures()
        self._live = [fixture for fixture in self._all if fixture.is_live]
        self._rng.shuffle(self._live)
        self._minutes = {
            fixture.match_id: self._rng.randrange(_LATEST_START_MINUTE) for fixture in self._live
        }
        self._chances = {fixture.match_id: _chances(self._rng) for fixture in self._all}
        self._goals: dict[str, list[MatchIncidentData]] = {}
        self._count = self._ticks = 0

    def __iter__(self) -> Iterator[AnyEvent]:
        return self

    def __next__(self) -> AnyEvent:
        self._count += 1
        drawn = self._rng.random()
        if drawn < _ODDS_SHARE:
            return self._odds()
        return self._tick() if drawn < _ODDS_SHARE + _TICKS_SHARE else self._incident()

    def take(self, count: int) -> list[AnyEvent]:
        """Return the next *count* events."""
        return [next(self) for _ in range(count)]

    def _time(self) -> dt.datetime:
        # An hour after kick-off, so that it is later than whatever went before.
        return _TODAY + dt.timedelta(hours=1) + self._count * _STEP

    def _odds(self) -> OddsChanged:
        fixture = self._rng.choice(self._all)
        chances = _moved(self._chances[fixture.match_id], self._rng)
        self._chances[fixture.match_id] = chances
        return _odds(fixture, f"odds:{self._count}", self._time(), chances)

    def _tick(self) -> ClockTick:
        fixture = self._live[self._ticks % len(self._live)]
        self._ticks += 1
        self._minutes[fixture.match_id] = min(self._minutes[fixture.match_id] + 1, 130)
        return ClockTick(
            id=f"tick:{self._count}",
            source=_SOURCE,
            subject=fixture.match_id,
            time=self._time(),
            partitionkey=fixture.pool,
            data=ClockTickData(minute=self._minutes[fixture.match_id]),
        )

    def _incident(self) -> MatchIncident:
        fixture = self._rng.choice(self._live)
        return MatchIncident(
            id=f"incident:{self._count}",
            source=_SOURCE,
            subject=fixture.match_id,
            time=self._time(),
            partitionkey=fixture.pool,
            data=self._happened(fixture.match_id),
        )

    def _happened(self, match: str) -> MatchIncidentData:
        word = self._rng.choice(_INCIDENTS)
        goals = self._goals.setdefault(match, [])
        if word == "withdrawn" and goals:
            goal = goals.pop()
            return MatchIncidentData(
                incident_id=goal.incident_id,
                revision=2,
                op=Operation.RETRACT,
                kind=goal.kind,
                side=goal.side,
                minute=goal.minute,
            )
        incident = MatchIncidentData(
            incident_id=f"{match}:{self._count}",
            revision=1,
            kind=_KINDS.get(word, IncidentKind.GOAL),
            side=self._rng.choice((Side.HOME, Side.AWAY)),
            minute=self._minutes[match],
        )
        if incident.kind is IncidentKind.GOAL:
            goals.append(incident)
        return incident


def _teams(number: int, back: int) -> tuple[str, str]:
    """Home and away, another pairing each round."""
    other = (number + 1 + back) % MATCHES_A_POOL
    return f"Home {number:03d}", f"Away {other:03d}"


def _name(pool: str, number: int, back: int) -> str:
    return match_id(pool, _SEASON, *_teams(number, back))


def _round_before(back: int, rng: random.Random) -> Iterator[AnyEvent]:
    """Yield a round played *back* times three days ago, with results and statistics."""
    kick_off = _TODAY - back * dt.timedelta(days=3)
    over = kick_off + dt.timedelta(minutes=110)
    for pool in POOLS:
        for number in range(MATCHES_A_POOL):
            yield _scheduled(_name(pool, number, back), pool, *_teams(number, back), kick_off)
    for pool in POOLS:
        for number in range(MATCHES_A_POOL):
            yield from _played(_name(pool, number, back), pool, over, rng)


def _played(match: str, pool: str, over: dt.datetime, rng: random.Random) -> Iterator[AnyEvent]:
    home, away = rng.randrange(5), rng.randrange(4)
    statistics = MatchStatisticsData(
        home_shots=home + rng.randrange(12),
        away_shots=away + rng.randrange(10),
        home_shots_on_target=home + rng.randrange(4),
        away_shots_on_target=away + rng.randrange(4),
        home_corners=rng.randrange(10),
        away_corners=rng.randrange(9),
    )
    yield MatchStatistics(
        id=f"{match}:statistics",
        source=_SOURCE,
        subject=match,
        time=over,
        partitionkey=pool,
        data=statistics,
    )
    yield MatchFinished(
        id=f"{match}:finished",
        source=_SOURCE,
        subject=match,
        time=over,
        partitionkey=pool,
        data=MatchFinishedData(home_score=home, away_score=away),
    )


def _promoted(pool: str, model: str) -> ModelPromoted:
    return ModelPromoted(
        id=f"{pool}:promoted",
        source=_SOURCE,
        time=_TODAY - dt.timedelta(days=30),
        partitionkey=pool,
        data=ModelPromotedData(model=model),
    )


def _day(pool: str, day: dt.datetime) -> ClockTick:
    return ClockTick(
        id=f"{pool}:day:{day.date()}",
        source=_SOURCE,
        time=day.replace(hour=0),
        partitionkey=pool,
        data=ClockTickData(day=day.date()),
    )


def _scheduled(
    match: str, pool: str, home: str, away: str, kick_off: dt.datetime
) -> FixtureScheduled:
    return FixtureScheduled(
        id=f"{match}:fixture",
        source=_SOURCE,
        subject=match,
        time=kick_off - dt.timedelta(days=7),
        partitionkey=pool,
        data=FixtureScheduledData(
            competition=pool, season=_SEASON, kick_off=kick_off, home=home, away=away
        ),
    )


def _chances(rng: random.Random) -> tuple[float, float]:
    """Home win and draw, as the market sees them at first."""
    return rng.uniform(0.25, 0.55), rng.uniform(0.2, 0.3)


def _moved(chances: tuple[float, float], rng: random.Random) -> tuple[float, float]:
    """Move both a little, enough to show in the prices."""
    home = chances[0] + rng.choice((-1, 1)) * rng.uniform(0.004, 0.02)
    draw = chances[1] + rng.uniform(-0.005, 0.005)
    return min(max(home, 0.1), 0.6), min(max(draw, 0.1), 0.3)


def _odds(
    fixture: Fixture, event_id: str, time: dt.datetime, chances: tuple[float, float]
) -> OddsChanged:
    home, draw = chances
    away = 1 - home - draw
    return OddsChanged(
        id=event_id,
        source=_SOURCE,
        subject=fixture.match_id,
        time=time,
        partitionkey=fixture.pool,
        data=OddsChangedData(
            bookmaker="avg",
            home=_price(home),
            draw=_price(draw),
            away=_price(away),
            phase=OddsPhase.CURRENT,
        ),
    )


def _price(chance: float) -> float:
    return round(1 / (chance * _MARGIN), 2)
