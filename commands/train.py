"""``sabiscore train``: fit a model on every match up to a day, as the live code saw it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import model_store
from commands.feed import from_football_data
from commands.training_rows import collect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import Console

    from commands.feed import Feed
    from commands.settings import Settings


def train(
    settings: Settings,
    console: Console,
    *,
    data: str,
    until: dt.date,
    config: str,
    name: str,
    seed: int,
    read: Callable[[str, Settings], Feed] = from_football_data,
) -> Path:
    """Train a version of *name* on the matches finished before *until*; return its folder.

    *read* makes the feed of *data*. Where it tells matches by the minute, in-play figures are
    fitted too. The first model of a store becomes its champion; later ones wait to be promoted.

    Raises:
        FeedError: When *data* cannot be read.
        ModelError: When there is too little history, or the model fails its own checks.
    """
    feed = read(data, settings)
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
                f"./run train --data DIR --until {until} --config {config} "
                f"--name {name} --seed {seed}"
            ),
            progress=show,
        )
    store = model_store.ModelStore(settings.models)
    if model_store.CHAMPION not in store.aliases():
        store.set_alias(model_store.CHAMPION, f"{name}@{folder.name}")
    return folder
