"""``sabiscore dead``: look at the events that were set aside, send them again or drop them."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.markup import escape
from rich.table import Column, Table

from commands.flags import Json, Namespace, Partitions, Redis, console_for
from commands.settings import given, settings_from
from schemas.errors import SabiscoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands.settings import Settings
    from faust_redis.dead import DeadLetters

T = TypeVar("T")

app = typer.Typer(
    help="Look at events that were set aside, send them again or drop them.", no_args_is_help=True
)

_SHOWN_BYTES = 60


@app.command("list")
def list_(
    redis: Redis = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
    limit: Annotated[int, typer.Option(help="Newest entries of each partition.", min=1)] = 20,
    *,
    as_json: Json = False,
) -> None:
    """List what was set aside, newest first.

    Example: [bold]./run dead list --redis redis://localhost:6379/0[/]
    """
    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions)
    with _letters(settings) as letters:
        found = letters.list(range(settings.partitions), limit=limit)
    entries = [
        {"place": letter.place} | {name: letter.text(name) for name in letter.fields}
        for letter in found
    ]
    if as_json:
        typer.echo(json.dumps(entries))
        return
    table = Table(Column("Place", no_wrap=True), "App", "Error", "Reason", "Bytes")
    for entry in entries:
        raw = entry.get("raw", "")
        shown = raw if len(raw) <= _SHOWN_BYTES else f"{raw[:_SHOWN_BYTES]}…"
        # What a feed sent may look like markup.
        words = (entry["app"], entry["error"], entry["reason"], shown)
        table.add_row(entry["place"], *map(escape, words))
    console_for().print(table if entries else "Nothing was set aside.")


@app.command()
def show(
    place: Annotated[str, typer.Argument(help="PARTITION/ID, as list shows it.")],
    redis: Redis = None,
    namespace: Namespace = None,
) -> None:
    """Write the raw bytes of one event that was set aside.

    Example: [bold]./run dead show 3/1732300000000-0[/]
    """
    with _letters(settings_from(redis=redis, namespace=namespace)) as letters:
        raw = _told(letters.show, place).raw
    typer.get_binary_stream("stdout").write(raw + b"\n")


@app.command()
def retry(
    place: Annotated[str, typer.Argument(help="PARTITION/ID, as list shows it.")],
    redis: Redis = None,
    namespace: Namespace = None,
) -> None:
    """Append one event that was set aside to its stream again, and forget it here.

    Example: [bold]./run dead retry 3/1732300000000-0[/]
    """
    with _letters(settings_from(redis=redis, namespace=namespace)) as letters:
        typer.echo(_told(letters.retry, place))


@app.command()
def drop(
    place: Annotated[str, typer.Argument(help="PARTITION/ID, as list shows it.")],
    redis: Redis = None,
    namespace: Namespace = None,
) -> None:
    """Forget one event that was set aside.

    Example: [bold]./run dead drop 3/1732300000000-0[/]
    """
    with _letters(settings_from(redis=redis, namespace=namespace)) as letters:
        _told(letters.drop, place)


def _letters(settings: Settings) -> closing[DeadLetters]:
    # Imported here, as it brings Faust along: `--help` should not wait for that.
    from faust_redis.dead import DeadLetters

    return closing(DeadLetters(given(settings.redis, "redis"), settings.namespace))


def _told(do: Callable[[str], T], place: str) -> T:
    """What *do* returns; its errors in our own tree."""
    from faust_redis.errors import TransportError

    try:
        return do(place)
    except TransportError as error:
        raise SabiscoreError(str(error)) from error
