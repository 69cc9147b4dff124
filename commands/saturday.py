"""A service stopped in the middle of an afternoon, real in every part, for people to look at."""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import Struct

from agents import archive, forecast, record
from commands import drain
from commands.play import play, publisher_for
from commands.read_probe import wait_until_ready
from commands.servers import servers
from commands.supervise import Supervisor
from embedded import ports
from model_store import ModelStore
from producers import incidents, simulate
from producers.match_events import Wanted
from producers.pace import Pace
from producers.publish import promote, publish
from schemas.competitions import load_competitions
from schemas.errors import FeedError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.console import Console

    import faust_redis
    from commands.settings import Settings
    from schemas.events import AnyEvent

APPS = (forecast.APP, record.APP, archive.APP)
SIMULATED_AT = dt.datetime(2025, 11, 15, 15, 31, tzinfo=dt.UTC)
_LEARNT_FROM = dt.timedelta(days=620)
"""Matches this long before only build ratings: the season in play and the one before it."""
_A_MONTH = dt.timedelta(days=30)
_LAST_MINUTES = dt.timedelta(minutes=40)
_PACE = 40.0
"""The last minutes take a minute, so that the system is seen at work."""
_EVERY_MINUTE = tuple(range(1, 91))


class Afternoon(Struct, frozen=True, kw_only=True):
    """Everything that was told until an instant."""

    name: str
    at: dt.datetime
    events: list[AnyEvent]


def choose(
    data: Path | None, results: Path | None, at: dt.datetime | None, settings: Settings
) -> Afternoon:
    """Take real matches where there is a folder of them, else a simulated league.

    Raises:
        FeedError: When nothing was played by then.
        SettingsError: When real matches have no instant to stop at.
    """
    if data is None:
        return from_simulation(1, at or SIMULATED_AT)
    if at is None:
        raise SettingsError("which afternoon of --data? Say --at, for example 2024-04-06T15:25")
    return from_incidents(data, results, at, settings)


def from_incidents(
    source: Path, results: Path | None, at: dt.datetime, settings: Settings
) -> Afternoon:
    """Read the matches up to *at*, those of its day told by the minute.

    Raises:
        FeedError: When there is no match of that day.
    """
    archive_of_all = incidents.load(
        source,
        results=results,
        aliases=incidents.load_aliases(None),
        competitions=load_competitions(settings.competitions),
        report=lambda _error: None,
    )
    day = at.date()
    week = day + dt.timedelta(days=7)
    near = [s for s in archive_of_all.stories if day - _LEARNT_FROM <= s.row.date <= week]
    # Leagues without prices would show half of a page only: left out where others have them.
    priced = {s.row.competition for s in near if s.joined}
    kept = incidents.Archive([s for s in near if not priced or s.row.competition in priced])
    if all(story.row.date != day for story in kept.stories):
        raise FeedError(f"{source} holds no match of {day}: choose another day by --at")
    telling = incidents.Telling(Wanted(), _EVERY_MINUTE, play_from=day)
    events = [event for event in kept.events(telling) if event.time <= at]
    return Afternoon(name=f"{source} until {at:%a %d %b %Y %H:%M} UTC", at=at, events=events)


def from_simulation(seed: int, at: dt.datetime = SIMULATED_AT) -> Afternoon:
    """Make up a league and tell it until *at*.

    Raises:
        FeedError: When nothing was told by then.
    """
    events = [event for event in simulate.league(seed).events() if event.time <= at]
    if not events:
        raise FeedError(f"the simulated league begins after {at:%Y-%m-%d}: choose a later --at")
    return Afternoon(name="a simulated league", at=at, events=events)


@dataclass
class Service:
    """The page's address, while the last minutes of the afternoon are still being told."""

    address: str
    _telling: threading.Thread
    _wait: Callable[[], None]

    def finish(self) -> None:
        """Return when all was told and is forecast, recorded and archived."""
        self._telling.join()
        self._wait()


@contextmanager
def serving(settings: Settings, afternoon: Afternoon, console: Console) -> Iterator[Service]:
    """Play *afternoon* through servers and agents of our own; its last minutes at a pace.

    Raises:
        SabiscoreError: When a part does not start.
    """
    model = ModelStore(settings.models).load("champion").label
    last = afternoon.at - _LAST_MINUTES
    stop = threading.Event()
    with ExitStack() as stack:
        ready = stack.enter_context(servers(settings, keep=None, database=True, say=console.print))
        supervisor = stack.enter_context(Supervisor())
        for app in APPS:
            supervisor.start(app, ["worker", app], ready.environment())
        publisher = stack.enter_context(closing(publisher_for(ready)))
        promote(publisher, ready.partitions, model, afternoon.events[0].time - _A_MONTH)
        _play(afternoon, last, publisher, supervisor, console)
        client = stack.enter_context(drain.connect(str(ready.redis)))

        def wait() -> None:
            drain.wait(client, ready, APPS, supervisor.check)

        wait()
        port = ports.free_port()
        supervisor.start("serve", ["serve", "--port", str(port)], ready.environment())
        wait_until_ready(port, supervisor.check)
        rest = [event for event in afternoon.events if event.time > last]
        telling = threading.Thread(target=_tell, args=(rest, publisher, stop))
        telling.start()
        stack.callback(telling.join)
        stack.callback(stop.set)
        yield Service(f"http://127.0.0.1:{port}", telling, wait)


def _play(
    afternoon: Afternoon,
    until: dt.datetime,
    publisher: faust_redis.Publisher,
    supervisor: Supervisor,
    console: Console,
) -> None:
    earlier = [event for event in afternoon.events if event.time <= until]
    play(
        earlier,
        publisher,
        label=afternoon.name,
        total=len(earlier),
        speed=float("inf"),
        stop=threading.Event(),
        console=console,
        heard=lambda _acknowledgement: supervisor.check(),
    )


def _tell(events: list[AnyEvent], publisher: faust_redis.Publisher, stop: threading.Event) -> None:
    for _ in publish(events, publisher, pace=Pace(_PACE, stop=stop)):
        pass
