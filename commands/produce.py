"""``sabiscore produce``: publish a feed onto the streams."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated

import typer

from commands.flags import Namespace, Partitions, Redis, Speed, console_for, speed_of
from commands.settings import settings_from

if TYPE_CHECKING:
    from commands.feed import Feed
    from commands.settings import Settings

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

    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions)
    _publish(from_football_data(data, settings), settings, speed or "max")


@app.command()
def simulate(
    seed: Annotated[int, typer.Option(help="The same seed makes the same league.")] = 1,
    speed: Speed = "max",
    redis: Redis = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
) -> None:
    """Publish a made-up league.

    Example: [bold]./run produce simulate --seed 7 --speed 3600[/]
    """
    from commands.feed import from_simulation

    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions)
    _publish(from_simulation(seed), settings, speed or "max")


def _publish(feed: Feed, settings: Settings, speed: str) -> None:
    from commands.play import play, publisher_for

    console = console_for()
    events = list(feed.events())
    publisher = publisher_for(settings)
    try:
        stored = play(
            events,
            publisher,
            label=feed.name,
            total=len(events),
            speed=speed_of(speed),
            stop=threading.Event(),
            console=console,
            heard=lambda _acknowledgement: None,
        )
    finally:
        publisher.close()
    console.print(f"{stored:,} events stored; {len(feed.unread):,} rows could not be read")
