"""Events in few words, for the tests of the fold."""

# Fields are handed on as they come: a wrong one fails where the event is made.

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from features import FEATURE_NAMES, World, fold, write_vector
from schemas import events as ev

if TYPE_CHECKING:
    from collections.abc import Iterable

T0 = dt.datetime(2024, 8, 17, 14, 0, tzinfo=dt.UTC)
_SERIAL = itertools.count()


def at(minutes: float = 0.0, days: float = 0.0) -> dt.datetime:
    """An instant after the first match's kick-off."""
    return T0 + dt.timedelta(days=days, minutes=minutes)


def context(match_id: str, time: dt.datetime, pool: str = "england", **more: Any) -> dict[str, Any]:
    return {
        "id": f"n{next(_SERIAL)}",
        "source": "test",
        "subject": match_id,
        "time": time,
        "partitionkey": pool,
        **more,
    }


def fixture(
    match_id: str, home: str, away: str, kick_off: dt.datetime = T0, **more: Any
) -> ev.FixtureScheduled:
    fields = {"competition": "e0", "season": "2024-25"} | {
        name: more.pop(name)
        for name in ("competition", "season", "neutral", "external_ids")
        if name in more
    }
    time = more.pop("time", kick_off - dt.timedelta(days=7))
    data = ev.FixtureScheduledData(kick_off=kick_off, home=home, away=away, **fields)
    return ev.FixtureScheduled(**context(match_id, time, **more), data=data)


def goal(
    match_id: str, incident: str, minute: int, side: ev.Side = ev.Side.HOME, **more: Any
) -> ev.MatchIncident:
    time = more.pop("time", at(minute))
    data = ev.MatchIncidentData(
        incident_id=incident,
        revision=more.pop("revision", 1),
        op=more.pop("op", ev.Operation.UPSERT),
        kind=more.pop("kind", ev.IncidentKind.GOAL),
        side=side,
        minute=minute,
    )
    return ev.MatchIncident(**context(match_id, time, **more), data=data)


def full_time(
    match_id: str, home: int, away: int, time: dt.datetime | None = None, **more: Any
) -> ev.MatchFinished:
    data = ev.MatchFinishedData(home_score=home, away_score=away)
    return ev.MatchFinished(**context(match_id, time or at(110), **more), data=data)


def period(
    match_id: str,
    which: ev.Period,
    score: tuple[int, int] | None,
    time: dt.datetime,
    **more: Any,
) -> ev.MatchPeriod:
    home, away = score or (None, None)
    data = ev.MatchPeriodData(period=which, home_score=home, away_score=away)
    return ev.MatchPeriod(**context(match_id, time, **more), data=data)


def statistics(match_id: str, shots: tuple[int, int], time: dt.datetime) -> ev.MatchStatistics:
    data = ev.MatchStatisticsData(home_shots=shots[0], away_shots=shots[1])
    return ev.MatchStatistics(**context(match_id, time), data=data)


def odds(
    match_id: str,
    prices: tuple[float, float, float] = (2.0, 3.5, 4.0),
    time: dt.datetime | None = None,
    bookmaker: str = "avg",
    source: str = "test",
    **fields: Any,
) -> ev.OddsChanged:
    home, draw, away = prices
    data = ev.OddsChangedData(bookmaker=bookmaker, home=home, draw=draw, away=away, **fields)
    return ev.OddsChanged(**context(match_id, time or at(-60), source=source), data=data)


def day(when: dt.date, pool: str = "england") -> ev.ClockTick:
    time = dt.datetime.combine(when, dt.time(), dt.UTC)
    return ev.ClockTick(**context("", time, pool), data=ev.ClockTickData(day=when))


def minute(match_id: str, number: int, time: dt.datetime) -> ev.ClockTick:
    return ev.ClockTick(**context(match_id, time), data=ev.ClockTickData(minute=number))


def changed(
    match_id: str, status: ev.FixtureStatus, time: dt.datetime, **fields: Any
) -> ev.FixtureChanged:
    data = ev.FixtureChangedData(status=status, **fields)
    return ev.FixtureChanged(**context(match_id, time), data=data)


def world_after(*events: ev.Event) -> World:
    world = World()
    for event in events:
        fold(world, event)
    return world


def vector(world: World, match_id: str) -> np.ndarray:
    row = np.full(len(FEATURE_NAMES), np.inf)
    write_vector(world, match_id, row)
    return row


def columns(world: World, match_id: str, *names: str) -> list[float]:
    row = vector(world, match_id)
    return [float(row[FEATURE_NAMES.index(name)]) for name in names]


def stored(world: World, before: dict[bytes, bytes] | None = None) -> dict[bytes, bytes]:
    """The stored hash after taking this world's changes."""
    fields = dict(before or {})
    for field, value in world.take_changes():
        if value is None:
            fields.pop(field, None)
        else:
            fields[field] = value
    return fields


def season(teams: Iterable[str], rounds: int = 1, **more: Any) -> list[ev.Event]:
    """A small league: every pair plays, three days apart, with scores that depend on the names."""
    found: list[ev.Event] = []
    pairs = list(itertools.permutations(teams, 2)) * rounds
    for number, (home, away) in enumerate(pairs):
        kick_off = at(days=3.0 * number)
        match_id = f"{home}-{away}-{number}"
        score = (len(home) + number) % 4, (len(away) + 2 * number) % 3
        found += [
            day(kick_off.date()),
            fixture(match_id, home, away, kick_off, time=kick_off - dt.timedelta(hours=9), **more),
            full_time(match_id, *score, kick_off + dt.timedelta(minutes=110)),
            statistics(match_id, (9 + number % 7, 11), kick_off + dt.timedelta(minutes=110)),
        ]
    return found
