"""``sabiscore train``: fit a model on every match up to a day, as the live code saw it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import model_store
from commands.feed import from_football_data, from_incidents
from commands.training_rows import collect

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from commands.settings import Settings
    from model_store.out_of_fold import Refit
    from producers.match_events import Odds

# One is enough to tell that a clock ran.
_TICKS = (90,)


def train(
    settings: Settings,
    console: Console,
    *,
    data: str,
    until: dt.date,
    config: str,
    name: str,
    seed: int,
    feed_name: str = "football-data",
    odds: Odds = "closing",
    since: dt.date | None = None,
    refit: Refit = "season",
    ablate: bool = False,
    forecasts: Path | None = None,
) -> Path:
    """Train a version of *name* on the matches finished before *until*; return its folder.

    Matches before *since* only build the teams' state. The out-of-fold forecasts are written to
    the file *forecasts*, where one is given.

    The feed of incidents tells matches by the minute, so that in-play figures are fitted too. The
    first model of a store becomes its champion; later ones wait to be promoted.

    Raises:
        FeedError: When *data* cannot be read.
        ModelError: When there is too little history, or the model fails its own checks.
    """
    if feed_name == "incidents":
        feed = from_incidents(data, settings, odds=odds, until=until, ticks=_TICKS)
    else:
        feed = from_football_data(data, settings, odds)
    end = dt.datetime.combine(until, dt.time(), dt.UTC)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("Folding the seasons", total=None)
        rows = collect(feed.events(), end)
        if since is not None:
            rows = rows.rows(rows.kick_off >= np.datetime64(since))
        console.print(f"{len(rows.outcome):,} matches in {len(rows.seasons())} seasons")

        def show(words: str, share: float) -> None:
            progress.update(task, description=words, total=1.0, completed=share)

        folder = model_store.train(
            rows,
            config,
            seed=seed,
            name=name,
            directory=settings.models,
            command=(
                f"./run train --feed {feed_name} --data DIR --odds {odds}{_since(since)} "
                f"--until {until} --refit {refit} --config {config} --name {name} --seed {seed}"
                f"{' --ablate' if ablate else ''}"
            ),
            progress=show,
            refit=refit,
            ablate=ablate,
            forecasts=forecasts,
        )
    store = model_store.ModelStore(settings.models)
    if model_store.CHAMPION not in store.aliases():
        store.set_alias(model_store.CHAMPION, f"{name}@{folder.name}")
    return folder


def _since(since: dt.date | None) -> str:
    return "" if since is None else f" --since {since}"
