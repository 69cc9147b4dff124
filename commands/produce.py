"""``sabiscore produce``: publish a feed onto the streams."""

from __future__ import annotations

import datetime as dt
import signal
import threading
from contextlib import contextmanager
from pathlib import Path  # noqa: TC003 - Typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated

import typer

from commands.flags import Namespace, Partitions, Redis, Speed, console_for, speed_of
from commands.settings import given, settings_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    import redis as redis_py

    from commands.feed import Feed
    from commands.settings import Settings
    from producers.publish import RawRecord
    from schemas.events import AnyEvent

    _Publish: TypeAlias = Callable[[str, Iterable[AnyEvent | RawRecord], int | None, str], None]

_SHOWN = 20

app = typer.Typer(help="Publish a feed.", no_args_is_help=True)


@app.command("football-data")
def football_data(
    data: Annotated[str, typer.Option(help="Folder or address of results.", metavar="DIR|URL")],
    speed: Speed = "max",
    redis: Redis = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
) -> None:
    """Publish results and odds as football-data.co.uk serves them.

    Example: [bold]./run produce football-data --data DIR --speed 3600[/]
    """
    from commands.feed import from_football_data
    from producers.corrections import compare
    from producers.football_data import SOURCE
    from producers.told import Told

    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions)
    feed = from_football_data(data, settings)
    with _publishing(feed, settings) as (client, publish):
        told = Told(client, settings.namespace, SOURCE)
        before = told.load()
        read = compare(feed.events(), before, dt.datetime.now(dt.UTC))
        told.keep(before, read.first)
        publish(feed.name, read.events, len(read.events), speed or "max")
        if read.corrections:
            publish("Corrections", read.corrections, len(read.corrections), "max")
            told.keep(before, read.anew)
        told.forget(read.past)
    if read.corrections:
        rows = len({event.subject for event in read.corrections})
        many = "matches" if rows > 1 else "match"
        console_for().print(f"{len(read.corrections):,} of them correct {rows:,} {many}")


@app.command()
def incidents(
    data: Annotated[
        str, typer.Option(help="Folder with matches.csv.gz and incidents.csv.gz.", metavar="DIR")
    ],
    results: Annotated[
        str | None,
        typer.Option(
            help="Results to join with; if none, football-data.co.uk near them.", metavar="DIR|URL"
        ),
    ] = None,
    aliases: Annotated[
        Path | None, typer.Option(help="Table of team names of your own, for the join.")
    ] = None,
    every: Annotated[
        int | None, typer.Option(help="Tick every so many minutes.", min=1, max=90)
    ] = None,
    speed: Speed = "max",
    redis: Redis = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
) -> None:
    """Publish goals and cards by the minute, with results' prices where the two are joined.

    Example: [bold]./run produce incidents --data incidents --speed 3600[/]
    """
    from commands.feed import from_incidents
    from producers.incidents import MARKS

    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions)
    ticks = MARKS if every is None else tuple(range(every, 91, every))
    feed = from_incidents(data, settings, results=results, aliases=aliases, ticks=ticks)
    _publish(feed, feed.events(), settings, speed or "max")


@app.command()
def betfair(
    data: Annotated[
        list[Path], typer.Option(help="Recorded stream file; may be given often.", metavar="FILE")
    ],
    fixtures: Annotated[
        Path, typer.Option(help="Table from Betfair's event ids to matches.", metavar="FILE")
    ],
    speed: Speed = "max",
    redis: Redis = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
) -> None:
    """Publish the prices of recorded match-odds markets of the Betfair Exchange.

    Each entry of the table is named by an event id and has competition, season, home, away.
    Example: [bold]./run produce betfair --data 1.170.bz2 --fixtures fixtures.toml --speed 60[/]
    """
    from commands.feed import from_betfair
    from producers.betfair import Tally

    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions)
    tally = Tally()
    feed = from_betfair(data, fixtures, settings, tally)
    _publish(feed, feed.events(), settings, speed or "max")
    console = console_for()
    for kind, count in sorted(tally.not_for_us.items()):
        console.print(f"{count:,} changes of {kind} markets, which are not for us")


@app.command()
def simulate(
    seed: Annotated[int, typer.Option(help="The same seed makes the same league.")] = 1,
    failures: Annotated[
        float, typer.Option(help="Chance of each failure of a feed at each event.", metavar="RATE")
    ] = 0.0,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this failure; may be given often.")
    ] = None,
    speed: Speed = "max",
    redis: Redis = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
) -> None:
    """Publish a made-up league; with --failures as a bad feed would.

    Every failure is put right in the end: the same seed without failures says how all must end.
    Example: [bold]./run produce simulate --seed 7 --failures 0.02 --speed 3600[/]
    """
    from commands.feed import from_simulation
    from producers.simulate import FAILURES, spoil

    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions)
    feed = from_simulation(seed)
    told = spoil(feed.events(), failures, seed=seed, failures=only or tuple(FAILURES))
    _publish(feed, told, settings, speed or "max")


@app.command()
def clock(
    silent_after: Annotated[
        float, typer.Option(help="Minutes without a word until a feed is silent.", min=0.1)
    ] = 10.0,
    redis: Redis = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
) -> None:
    """Tick live matches and pools' days, and say which feed is silent, until stopped.

    Start as many as you like: one leads, the others take over when it goes.
    Example: [bold]./run produce clock --redis redis://localhost:6379/0[/]
    """
    import redis as redis_py

    from commands.play import publisher_for
    from producers.clock import Clock, run

    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions)
    publisher = publisher_for(settings)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with redis_py.Redis.from_url(given(settings.redis, "redis")) as client:
            ticking = Clock(
                client,
                publisher,
                namespace=settings.namespace,
                partitions=settings.partitions,
                silent_after=dt.timedelta(minutes=silent_after),
                lease_s=settings.lease_s,
            )
            count = run(ticking, stop)
    finally:
        publisher.close()
    console_for().print(f"{count:,} events published")


def _publish(
    feed: Feed, events: Iterable[AnyEvent | RawRecord], settings: Settings, speed: str
) -> None:
    with _publishing(feed, settings) as (_client, publish):
        publish(feed.name, events, feed.about, speed)


@contextmanager
def _publishing(feed: Feed, settings: Settings) -> Iterator[tuple[redis_py.Redis, _Publish]]:
    """Open what publishes (label, events, their number, speed); say in the end what came of it."""
    import redis as redis_py

    from commands.play import play, publisher_for
    from commands.tally import Tally

    console = console_for()
    publisher = publisher_for(settings)
    try:
        with redis_py.Redis.from_url(given(settings.redis, "redis")) as client:
            tally = Tally(client, settings.namespace, settings.partitions)

            def publish(
                label: str, events: Iterable[AnyEvent | RawRecord], total: int | None, speed: str
            ) -> None:
                play(
                    events,
                    publisher,
                    label=label,
                    total=total,
                    speed=speed_of(speed),
                    stop=threading.Event(),
                    console=console,
                    heard=tally.add,
                )

            yield client, publish
    finally:
        publisher.close()
    console.print(f"{tally}; {len(feed.unread):,} rows could not be read")
    for error in feed.unread[:_SHOWN]:
        console.print(f"  {error}", markup=False)
    if len(feed.unread) > _SHOWN:
        console.print(f"  … and {len(feed.unread) - _SHOWN:,} more")
