"""Plays a feed into the streams, with a progress bar, and tells the reader what is committed."""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

import faust_redis
from agents import forecast
from commands.settings import given
from embedded.check import wait_for_redis
from producers.pace import Pace
from producers.publish import promote, publish

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from rich.console import Console

    from commands.feed import Feed
    from commands.read_probe import ReadProbe
    from commands.settings import Settings
    from producers.publish import Acknowledgement, RawRecord
    from schemas.events import AnyEvent

_LOOK_S = 0.05
_MAX_LAG = 20_000
_ANSWER_S = 5.0
_A_MONTH = dt.timedelta(days=30)


class Announcements:
    """Tells a reader of each new match as soon as its fixture is committed."""

    def __init__(self, publisher: faust_redis.Publisher, probe: ReadProbe) -> None:
        self._publisher = publisher
        self._probe = probe
        self._known: set[str] = set()
        self._waiting: dict[int, deque[tuple[tuple[int, int], str]]] = {}
        self._looked_at_s = 0.0

    def add(self, acknowledgement: Acknowledgement) -> None:
        """Remember the first event of a match, which is its fixture, until it is committed."""
        match_id = acknowledgement.match_id
        if match_id and match_id not in self._known:
            self._known.add(match_id)
            place = _place(acknowledgement.position)
            self._waiting.setdefault(acknowledgement.partition, deque()).append((place, match_id))
        if time.monotonic() - self._looked_at_s > _LOOK_S:
            self.look()

    def look(self) -> None:
        """Ask how far the commits are, and tell the reader."""
        self._looked_at_s = time.monotonic()
        for partition, waiting in self._waiting.items():
            committed = self._publisher.committed(forecast.APP, partition)
            while committed and waiting and waiting[0][0] <= _place(committed):
                self._probe.know(waiting.popleft()[1])


def publisher_for(settings: Settings) -> faust_redis.Publisher:
    """Open a publisher that is held back while forecasts are far behind.

    Raises:
        ServerError: When Redis does not answer.
    """
    wait_for_redis(given(settings.redis, "redis"), _ANSWER_S)
    return faust_redis.Publisher(
        given(settings.redis, "redis"),
        settings.namespace,
        app=forecast.APP,
        max_lag=_MAX_LAG,
        partitions=settings.partitions,
    )


def promote_model(
    publisher: faust_redis.Publisher, settings: Settings, feed: Feed, model: str
) -> None:
    """Say at the head of every partition which model forecasts, a month before the first event."""
    first = feed.matches[0].kick_off
    promote(publisher, settings.partitions, model, first - _A_MONTH)


def play(
    events: Iterable[AnyEvent | RawRecord],
    publisher: faust_redis.Publisher,
    *,
    label: str,
    total: int | None,
    speed: float,
    stop: threading.Event,
    console: Console,
    heard: Callable[[Acknowledgement], None],
) -> int:
    """Publish *events* at *speed*, showing progress; return how many were stored."""
    count = 0
    with _progress(console) as progress:
        task = progress.add_task(label, total=total)

        def show(stored: int, reached: dt.datetime) -> None:
            progress.update(task, completed=stored, description=f"{label} {reached:%d %b %Y}")

        for acknowledgement in publish(
            events, publisher, pace=Pace(speed, stop=stop), progress=show
        ):
            heard(acknowledgement)
            count += 1
    return count


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def split(events: Iterable[AnyEvent], at: dt.datetime) -> tuple[list[AnyEvent], list[AnyEvent]]:
    """Split time-ordered *events* into those before *at* and the rest."""
    earlier: list[AnyEvent] = []
    rest = iter(events)
    for event in rest:
        if event.time >= at:
            return earlier, [event, *rest]
        earlier.append(event)
    return earlier, []


def _place(position: str) -> tuple[int, int]:
    milliseconds, _, sequence = position.partition("-")
    return int(milliseconds), int(sequence)
