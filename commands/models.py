"""``sabiscore models``: list, show, verify, promote and roll back models."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Table

from commands.flags import Json, Models, Namespace, Partitions, Redis, console_for
from commands.settings import settings_from

if TYPE_CHECKING:
    from model_store import ModelStore

app = typer.Typer(help="List, show, verify and promote models.", no_args_is_help=True)

Reference = Annotated[str, typer.Argument(help="NAME, NAME@VERSION or an alias.")]


def _store(models: Models) -> ModelStore:
    from model_store import ModelStore

    return ModelStore(settings_from(models=models).models)


@app.command("list")
def list_(models: Models = None, *, as_json: Json = False) -> None:
    """List every version and its out-of-fold log-loss.

    Example: [bold]./run models list[/]
    """
    store = _store(models)
    aliases: dict[str, list[str]] = {}
    for alias, label in store.aliases().items():
        aliases.setdefault(label, []).append(alias)
    found = [(label, store.show(label)) for label in store.labels()]
    if as_json:
        rows = [
            {"label": label, "aliases": aliases.get(label, []), "config": manifest.config}
            for label, manifest in found
        ]
        typer.echo(msgspec.json.encode(rows).decode())
        return
    table = Table("Model", "Alias", "Config", "Trained to", "Matches", "Log-loss, out of fold")
    for label, manifest in found:
        stack = manifest.metrics.forecasters.get("stack")
        told = "–" if stack is None else f"{stack.log_loss.value:.4f}"
        names = ", ".join(aliases.get(label, []))
        table.add_row(label, names, manifest.config, manifest.created, f"{manifest.rows:,}", told)
    console_for().print(table)


@app.command()
def show(model: Reference, models: Models = None) -> None:
    """Write a model's manifest as JSON.

    Example: [bold]./run models show champion[/]
    """
    manifest = _store(models).show(model)
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2).decode() + "\n")


@app.command()
def verify(model: Reference = "champion", models: Models = None) -> None:
    """Check every byte and the golden vectors.

    Example: [bold]./run models verify champion[/]
    """
    typer.echo(f"{_store(models).verify(model)} is sound.")


@app.command()
def promote(
    model: Reference,
    redis: Redis = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
    models: Models = None,
) -> None:
    """Let a model forecast from here on, in every partition.

    Example: [bold]./run models promote default@2 --redis redis://localhost:6379/0[/]
    """
    from commands.play import publisher_for
    from producers.publish import promote as publish

    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions, models=models)
    label = _store(models).verify(model)
    publisher = publisher_for(settings)
    try:
        publish(publisher, settings.partitions, label, dt.datetime.now(dt.UTC))
    finally:
        publisher.close()
    typer.echo(f"{label} forecasts from here on.")
