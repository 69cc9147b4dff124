"""A clean log as a bad feed delivers it: each failure at a rate, the same for the same seed."""

from __future__ import annotations

import heapq
import itertools
from random import Random
from typing import TYPE_CHECKING

from producers.publish import RawRecord
from producers.simulate.failures import FAILURES, Arrival, Play, chance
from schemas.errors import SettingsError
from schemas.events import ClockTick, Event, MatchIncident

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator

    from schemas.events import AnyEvent


def spoil(
    clean: Iterable[AnyEvent],
    rate: float,
    *,
    seed: int,
    failures: Collection[str] = tuple(FAILURES),
) -> Iterator[AnyEvent | RawRecord]:
    """Yield *clean* in order of arrival, each event spoilt by each failure with chance *rate*.

    At most one failure befalls an event, so that each can be told from the others. A pool's days
    are never spoilt: they are the clock's, not the feed's.

    Raises:
        SettingsError: When the rate is no share, or a failure is unknown.
    """
    if not 0 <= rate <= 1:
        raise SettingsError(f"a failure rate of {rate} is no share: give a number from 0 to 1")
    if unknown := sorted(set(failures) - set(FAILURES)):
        known = ", ".join(FAILURES)
        raise SettingsError(f"{unknown[0]!r} is no failure of a feed: choose from {known}")
    chosen = [name for name in FAILURES if name in set(failures)]
    return _delivered(clean, rate, seed, chosen)


def _delivered(
    clean: Iterable[AnyEvent], rate: float, seed: int, names: list[str]
) -> Iterator[AnyEvent | RawRecord]:
    waiting: list[tuple[dt.datetime, int, str, Arrival]] = []
    number = itertools.count()
    plays: dict[str, Play] = {}

    def delivered(arrival: Arrival, match_id: str) -> AnyEvent | RawRecord:
        if isinstance(arrival.what, Event | RawRecord):
            return arrival.what
        return arrival.what(plays.get(match_id) or Play([]))

    for event in clean:
        while waiting and waiting[0][0] < event.time:
            _, _, match_id, arrival = heapq.heappop(waiting)
            yield delivered(arrival, match_id)
        if isinstance(event, MatchIncident):
            plays.setdefault(event.subject, Play([])).incidents.append(event)
        for arrival in _arrivals(event, rate, seed, names):
            heapq.heappush(waiting, (arrival.at, next(number), event.subject, arrival))
    while waiting:
        _, _, match_id, arrival = heapq.heappop(waiting)
        yield delivered(arrival, match_id)


def _arrivals(event: AnyEvent, rate: float, seed: int, names: list[str]) -> list[Arrival]:
    if not (isinstance(event, ClockTick) and event.data.day is not None):
        # Drawn from the event alone: it does not matter what else is played or spoilt.
        random = Random(f"{seed}:{event.source}:{event.id}")  # noqa: S311 - a game, not a secret
        random.shuffle(order := list(names))
        for name in order:
            if chance(random, rate) and (spoilt := FAILURES[name](event, random)):
                return spoilt
    return [Arrival(event.time, event)]
