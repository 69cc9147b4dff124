"""``sabiscore train`` and ``sabiscore backtest``: what an analyst asks for."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - Typer reads annotations at run time
import enum
from pathlib import Path  # noqa: TC003 - the same
from typing import Annotated

import typer

from commands.flags import Models, Redis, console_for
from commands.settings import settings_from

# Imports of the work stand inside the functions: `--help` should not wait for the models.

app = typer.Typer()

_DAY = ["%Y-%m-%d"]


class Odds(enum.Enum):
    """Which odds a backtest shows to the model."""

    NONE = "none"
    OPENING = "opening"
    CLOSING = "closing"


class Refit(enum.Enum):
    """How often a model is fitted anew on its way through the seasons."""

    SEASON = "season"
    MONTHLY = "monthly"


class FeedName(enum.Enum):
    """What a backtest replays."""

    FOOTBALL_DATA = "football-data"
    INCIDENTS = "incidents"


@app.command()
def train(
    data: Annotated[str, typer.Option(help="Folder or address of results.", metavar="DIR|URL")],
    until: Annotated[dt.datetime, typer.Option(help="Matches before this day.", formats=_DAY)],
    config: Annotated[
        str, typer.Option(help="default, or seed: the published recipe.")
    ] = "default",
    name: Annotated[
        str | None, typer.Option(help="Name of the model; the config's if none.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all randomness.")] = 1,
    feed: Annotated[
        FeedName, typer.Option(help="What --data holds; incidents teach play by the minute.")
    ] = FeedName.FOOTBALL_DATA,
    odds: Annotated[Odds, typer.Option(help="What the model may learn from.")] = Odds.CLOSING,
    since: Annotated[
        dt.datetime | None,
        typer.Option(help="Earlier matches only build state; all count if none.", formats=_DAY),
    ] = None,
    refit: Annotated[
        Refit, typer.Option(help="How often all is fitted anew for the out-of-fold figures.")
    ] = Refit.SEASON,
    models: Models = None,
    forecasts: Annotated[
        Path | None,
        typer.Option(help="Also write every out-of-fold forecast here, as CSV.", metavar="FILE"),
    ] = None,
    *,
    ablate: Annotated[
        bool,
        typer.Option("--ablate", help="Also measure each group of features; ten times as long."),
    ] = False,
) -> None:
    """Train a model, strictly on what was known before --until.

    Its figures are out of fold: each season (with --refit monthly each month) is forecast by models
    fitted on what was before it.
    Example: [bold]./run train --data DIR --until 2024-07-01[/]
    """
    from commands.train import train as fit

    console = console_for()
    folder = fit(
        settings_from(models=models),
        console,
        data=data,
        until=until.date(),
        config=config,
        name=name or config,
        seed=seed,
        feed_name=feed.value,
        odds=odds.value,
        since=None if since is None else since.date(),
        refit=refit.value,
        ablate=ablate,
        forecasts=forecasts,
    )
    console.print(f"Trained: {folder}")


@app.command()
def backtest(
    data: Annotated[str, typer.Option(help="Folder or address of results.", metavar="DIR|URL")],
    from_: Annotated[dt.datetime, typer.Option("--from", help="First day scored.", formats=_DAY)],
    to: Annotated[dt.datetime, typer.Option("--to", help="Last day scored.", formats=_DAY)],
    out: Annotated[Path, typer.Option(help="Folder for predictions.csv and metrics.json.")],
    model: Annotated[str, typer.Option(help="NAME, NAME@VERSION or an alias.")] = "champion",
    odds: Annotated[Odds, typer.Option(help="What the model may see.")] = Odds.CLOSING,
    redis: Redis = None,
    models: Models = None,
    feed: Annotated[
        FeedName, typer.Option(help="incidents: goals and cards by the minute, from their folder.")
    ] = FeedName.FOOTBALL_DATA,
    results: Annotated[
        str | None,
        typer.Option(
            help="Results that incidents are joined with; if none, football-data.co.uk near them.",
            metavar="DIR|URL",
        ),
    ] = None,
    aliases: Annotated[
        Path | None, typer.Option(help="Table of team names of your own, for the join.")
    ] = None,
) -> None:
    """Replay matches through the real agent and score the last forecasts before kick-off.

    With --feed incidents also those at 15, 30, 45, 60, 75 and 90 minutes.
    Example: [bold]./run backtest --data DIR --from 2024-07-01 --to 2025-06-30
    --odds closing --out out/[/]
    """
    from commands.minutes import minutes_table
    from commands.replay import Backtest
    from commands.replay import backtest as replay
    from commands.summary import accuracy_table

    plan = Backtest(
        data=data,
        from_day=from_.date(),
        to_day=to.date(),
        model=model,
        odds=odds.value,
        out=out,
        feed=feed.value,
        results=results,
        aliases=aliases,
    )
    console = console_for()
    settings = settings_from(redis=redis, models=models)
    metrics = replay(settings, plan, console)
    title = f"{metrics.model}, odds {odds.value}; market: {metrics.market_phase} average"
    console.print(accuracy_table(metrics.leagues, title, settings))
    if len(metrics.minutes) > 1:
        console.print(minutes_table(metrics.minutes, title))
    console.print(f"Written: {out / 'predictions.csv'}, {out / 'metrics.json'}")
