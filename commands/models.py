"""``sabiscore models``: list, show, verify, promote and roll back models."""

from __future__ import annotations

import datetime as dt
import sys
from contextlib import closing
from pathlib import Path  # noqa: TC003 - Typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Table

from commands.flags import Json, Models, Namespace, Partitions, Redis, console_for
from commands.settings import settings_from
from schemas.errors import ModelError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from commands.settings import Settings
    from faust_redis import Publisher
    from model_store import ModelStore
    from model_store.gate import Verdict

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
def gates(model: Reference, models: Models = None, *, as_json: Json = False) -> None:
    """Pass a model through the gates of a promotion, and promote nothing.

    Example: [bold]./run models gates default@2[/]
    """
    verdicts = _store(models).judge(model)
    if as_json:
        typer.echo(msgspec.json.encode(verdicts).decode())
    else:
        _show(verdicts)
    if not all(verdict.passed for verdict in verdicts):
        raise typer.Exit(1)


@app.command()
def promote(
    model: Reference,
    redis: Redis = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
    models: Models = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Promote in spite of a gate.")] = False,
) -> None:
    """Let a model that passes every gate forecast from here on, in every partition.

    Example: [bold]./run models promote default@2 --redis redis://localhost:6379/0[/]
    """
    from producers.publish import promote as publish

    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions, models=models)
    store = _store(models)
    label = store.resolve(model)
    verdicts = store.judge(label)
    _show(verdicts)
    failed = [verdict.gate for verdict in verdicts if not verdict.passed]
    if failed and not force:
        raise ModelError(
            f"{label} is not promoted: it failed {', '.join(failed)}. "
            "Train a better one, or say --force."
        )
    with _publisher(settings) as publisher:
        publish(publisher, settings.partitions, label, dt.datetime.now(dt.UTC))
    store.promote(label)
    typer.echo(f"{label} forecasts from here on.")


@app.command()
def rollback(
    redis: Redis = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
    models: Models = None,
    reason: Annotated[str, typer.Option(help="Why; goes into the event.")] = "",
) -> None:
    """Let the champion before this one forecast again, in every partition.

    Example: [bold]./run models rollback --reason worse --redis redis://localhost:6379/0[/]
    """
    from model_store import FORMER
    from producers.publish import roll_back as publish

    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions, models=models)
    store = _store(models)
    label = store.aliases().get(FORMER)
    if label is None:
        raise ModelError("There is no former champion to go back to; promote a model by name.")
    store.verify(label)
    with _publisher(settings) as publisher:
        publish(publisher, settings.partitions, label, dt.datetime.now(dt.UTC), reason)
    store.roll_back()
    typer.echo(f"{label} forecasts again from here on.")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="The model, as ONNX.")],
    name: Annotated[str, typer.Option(help="Its name in the store.")],
    held_out: Annotated[
        Path | None, typer.Option(help="Its forecasts of matches it was not trained on, as JSON.")
    ] = None,
    models: Models = None,
) -> None:
    """Take an ONNX model of your own into the store; docs/own-model.md says what it must be.

    Example: [bold]./run models add mine.onnx --name mine[/]
    """
    from model_store import CHAMPION
    from model_store.own import adopt

    settings = settings_from(models=models)
    store = _store(models)
    golden = store.show(CHAMPION).golden
    folder = adopt(file, name, settings.models, golden, held_out=held_out)
    typer.echo(f"{store.verify(f'{name}@{folder.name}')} is in the store, and sound.")


@app.command()
def challenge(
    model: Reference,
    redis: Redis = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
    models: Models = None,
) -> None:
    """Let a model forecast in the shadow of the champion, for the record only.

    `worker shadow` folds the same events; what it forecasts is in Postgres, in the run live/shadow.
    Without --redis the model is named, and begins when `worker shadow` first starts.
    Example: [bold]./run models challenge default@2 --redis redis://localhost:6379/0[/]
    """
    from model_store import CHALLENGER
    from producers.publish import promote as publish

    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions, models=models)
    store = _store(models)
    label = store.verify(model)
    if settings.redis is not None:
        with _publisher(settings) as publisher:
            now = dt.datetime.now(dt.UTC)
            publish(publisher, settings.partitions, label, now, CHALLENGER)
    store.set_alias(CHALLENGER, label)
    typer.echo(f"{label} is the challenger.")


def _publisher(settings: Settings) -> AbstractContextManager[Publisher]:
    from commands.play import publisher_for

    return closing(publisher_for(settings))


def _show(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        mark = "passed" if verdict.passed else "FAILED"
        typer.echo(f"{mark}  {verdict.gate}: {verdict.words}", err=True)
