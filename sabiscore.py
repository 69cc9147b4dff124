"""The command line of SabiScore, and with ``commands`` its composition root."""

from __future__ import annotations

import datetime as dt
import errno
import logging
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from commands import analyse, check, dead, produce
from commands import models as model_commands
from commands.flags import (
    Database,
    Forecasters,
    Json,
    Models,
    Namespace,
    Partitions,
    Redis,
    console_for,
    speed_of,
)
from commands.settings import settings_from
from schemas.errors import SabiscoreError

# Imports of the commands stand inside the functions: `--help` should not wait for the models.

app = typer.Typer(
    name="sabiscore",
    help="Football forecasts that are always fresh and always there.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(analyse.app)
app.add_typer(model_commands.app, name="models")
app.add_typer(dead.app, name="dead")
app.add_typer(produce.app, name="produce")
app.add_typer(check.app, name="feed")


@app.command()
def up(
    data: Annotated[
        str | None,
        typer.Option(
            help="Folder or address laid out like football-data.co.uk.", metavar="DIR|URL"
        ),
    ] = None,
    speed: Annotated[
        str | None, typer.Option(help="Times real time, or max.", metavar="X|max")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to serve at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the page and the API.")] = 8000,
    redis: Redis = None,
    database: Database = None,
    keep: Annotated[
        Path | None, typer.Option(help="Folder in which our own servers keep their data.")
    ] = None,
    models: Models = None,
    forecasters: Forecasters = None,
    gateway_port: Annotated[
        int | None, typer.Option("--gateway", help="Take events over HTTP too.", metavar="PORT")
    ] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="Play to the end, sum up, exit.")] = False,
    as_json: Json = False,
) -> None:
    """Bring everything up and play a feed.

    Folds the earlier seasons, then plays the newest at --speed (3600: an hour a second; with
    --once as fast as it goes). Example: [bold]./run up --data DIR --once[/]
    """
    from commands.up import Plan
    from commands.up import up as bring_up

    plan = Plan(
        data=data,
        speed=speed_of(speed or ("max" if once else "3600")),
        host=host,
        port=port,
        once=once,
        keep=keep,
        as_json=as_json,
        gateway_port=gateway_port,
    )
    settings = settings_from(redis=redis, database=database, models=models, forecasters=forecasters)
    raise typer.Exit(bring_up(settings, plan, console_for(as_json=as_json)))


@app.command()
def worker(
    agents: Annotated[
        list[str] | None,
        typer.Argument(
            help="forecast, record, archive, shadow; all by default, shadow only with a challenger."
        ),
    ] = None,
    redis: Redis = None,
    database: Database = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
    models: Models = None,
    forecasters: Forecasters = None,
    metrics_port: Annotated[int | None, typer.Option(help="Serve Prometheus metrics here.")] = None,
) -> None:
    """Run the agents, one process each.

    Example: [bold]./run worker forecast --redis redis://localhost:6379/0[/]
    """
    from commands.worker import AGENTS, require_addresses, run_all, run_one, usual

    unknown = [name for name in agents or () if name not in AGENTS]
    if unknown:
        message = f"there is no agent {unknown[0]!r}: choose from {', '.join(AGENTS)}"
        raise typer.BadParameter(message)
    settings = settings_from(
        redis=redis,
        database=database,
        namespace=namespace,
        partitions=partitions,
        models=models,
        forecasters=forecasters,
    )
    names = agents or usual(settings)
    require_addresses(names, settings)
    console_for().print(f"Starting {', '.join(names)}; Ctrl-C ends.")
    if len(names) > 1 or (names == ["forecast"] and (forecasters or 1) > 1):
        environment = settings.environment()
        raise typer.Exit(run_all(names, environment, metrics_port, settings.forecasters))
    if metrics_port is not None:
        from prometheus_client import start_http_server

        from embedded import ports

        ports.require_free(metrics_port, "0.0.0.0", flag="--metrics-port")  # noqa: S104
        start_http_server(metrics_port)
    raise typer.Exit(run_one(names[0], settings))


@app.command()
def serve(
    redis: Redis = None,
    database: Database = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
    models: Models = None,
    host: Annotated[str, typer.Option(help="Address to serve at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the page and the API.")] = 8000,
    admin_port: Annotated[
        int | None, typer.Option(help="Port on the loopback for metrics and operators; none if 0.")
    ] = None,
) -> None:
    """Serve the reads: the page, the API, the live stream.

    Example: [bold]./run serve --redis redis://localhost:6379/0 --port 8000[/]
    """
    from commands.reads import read_settings
    from dashboard.serve import run
    from schemas.competitions import load_competitions

    settings = settings_from(
        redis=redis,
        database=database,
        namespace=namespace,
        partitions=partitions,
        models=models,
        admin_port=admin_port,
    )
    raise typer.Exit(
        run(
            read_settings(settings),
            host,
            port,
            admin_port=settings.admin_port,
            competitions=load_competitions(settings.competitions),
            started=lambda address: console_for().print(f"Page: {address}/  (Ctrl-C ends)"),
        )
    )


@app.command()
def gateway(
    redis: Redis = None,
    namespace: Namespace = None,
    partitions: Partitions = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port that feeds POST to.")] = 8001,
) -> None:
    """Take events over HTTP from feeds in any language: POST /v1/events.

    Feeds send a bearer token, which the gateway reads from SABISCORE_GATEWAY_TOKEN.
    Example: [bold]./run gateway --redis redis://localhost:6379/0[/]
    """
    from commands.gateway import run

    settings = settings_from(redis=redis, namespace=namespace, partitions=partitions)
    raise typer.Exit(run(settings, host, port, console_for().print))


@app.command()
def screenshots(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of incidents; a simulated league if none.", metavar="DIR"),
    ] = None,
    results: Annotated[
        Path | None, typer.Option(help="Results to join with, for the market.", metavar="DIR")
    ] = None,
    at: Annotated[
        dt.datetime | None,
        typer.Option(help="The instant to stop at, UTC.", formats=["%Y-%m-%dT%H:%M"]),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("docs/images"),
    browser: Annotated[
        str | None, typer.Option(help="Chromium to drive; found by itself if none.")
    ] = None,
    models: Models = None,
) -> None:
    """Take pictures of every page, light and dark, on a desktop and on a phone.

    Plays an afternoon through servers and agents of its own and stops in the middle of it.
    Example: [bold]./run screenshots --data incidents --at 2024-04-06T15:25[/]
    """
    from commands import saturday
    from commands.screenshots import Plan, find_browser
    from commands.screenshots import screenshots as take

    find_browser(browser)
    settings = settings_from(models=models)
    instant = None if at is None else at.replace(tzinfo=dt.UTC)
    afternoon = saturday.choose(data, results, instant, settings)
    console = console_for()
    files = take(settings, Plan(afternoon=afternoon, out=out, browser=browser), console)
    size_kb = sum(file.stat().st_size for file in files) / 1000
    console.print(f"Written: {len(files)} pictures to {out}, {size_kb:,.0f} kB")


def main() -> None:
    """Run the command line; one clear sentence and exit code 1 for an error of ours."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if not _is_expected(error):
            raise
        print(f"sabiscore: {_sentence(error)}".rstrip(), file=sys.stderr)
        sys.exit(1)


def _is_expected(error: Exception) -> bool:
    """Tell whether a sentence says enough: an error of ours, of a server or of a path we got."""
    from psycopg import OperationalError
    from redis import RedisError
    from sqlalchemy.exc import SQLAlchemyError

    from faust_redis.errors import TransportError

    if isinstance(error, OSError):
        return error.filename is not None or error.errno == errno.ENOSPC
    ours = (SabiscoreError, TransportError)
    return isinstance(error, (*ours, RedisError, OperationalError, SQLAlchemyError))


def _sentence(error: Exception) -> str:
    """What is wrong; for a file or folder that could not be had, its name comes first."""
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(str(part) for part in (error.filename, error.strerror) if part)
    return str(error)


if __name__ == "__main__":
    main()
