"""``sabiscore dead``: look at the events that were set aside, with their reasons and bytes."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Column, Table

from commands import drain
from commands.flags import Json, Namespace, Partitions, Redis, console_for
from commands.settings import Settings, given, settings_from
from schemas.errors import SabiscoreError
from schemas.keys import DEAD, stream

app = typer.Typer(help="Look at events that were set aside.", no_args_is_help=True)

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
    entries = [
        entry
        for partition in range(settings.partitions)
        for entry in _newest(settings, partition, limit)
    ]
    if as_json:
        typer.echo(json.dumps(entries))
        return
    table = Table(Column("Place", no_wrap=True), "App", "Error", "Reason", "Bytes")
    for entry in entries:
        raw = entry["raw"]
        shown = raw if len(raw) <= _SHOWN_BYTES else f"{raw[:_SHOWN_BYTES]}…"
        table.add_row(entry["place"], entry["app"], entry["error"], entry["reason"], shown)
    console_for().print(table)


@app.command()
def show(
    place: Annotated[str, typer.Argument(help="PARTITION/ID, as list shows it.")],
    redis: Redis = None,
    namespace: Namespace = None,
) -> None:
    """Write the raw bytes of one event that was set aside.

    Example: [bold]./run dead show 3/1732300000000-0[/]
    """
    settings = settings_from(redis=redis, namespace=namespace)
    partition, _, entry_id = place.partition("/")
    with drain.connect(given(settings.redis, "redis")) as client:
        key = stream(settings.namespace, int(partition), DEAD)
        found = client.xrange(key, min=entry_id, max=entry_id) if entry_id else []
    if not found:
        msg = f"nothing was set aside at {place}: `dead list` shows what was"
        raise SabiscoreError(msg)
    typer.get_binary_stream("stdout").write(found[0][1][b"raw"] + b"\n")


def _newest(settings: Settings, partition: int, limit: int) -> list[dict[str, str]]:
    key = stream(settings.namespace, partition, DEAD)
    with drain.connect(given(settings.redis, "redis")) as client:
        found = client.xrevrange(key, count=limit)
    return [
        {"place": f"{partition}/{entry_id.decode()}"}
        | {name.decode(): value.decode(errors="replace") for name, value in fields.items()}
        for entry_id, fields in found
    ]
