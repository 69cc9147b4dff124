"""Flags that several commands share, and what their words mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Redis = Annotated[
    str | None, typer.Option(help="Your Redis: redis://…, rediss://… or unix://…", metavar="URL")
]
Database = Annotated[str | None, typer.Option(help="Your Postgres: postgresql://…", metavar="URL")]
Namespace = Annotated[str | None, typer.Option(help="Prefix of every key; live is sabi.")]
Partitions = Annotated[int | None, typer.Option(help="Partitions of a new namespace.", min=1)]
Models = Annotated[Path | None, typer.Option(help="Folder of model versions.")]
Forecasters = Annotated[
    int | None, typer.Option(help="Processes that share the forecasting; 1 if none.", min=1)
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, for a script.")]
Speed = Annotated[str | None, typer.Option(help="Times real time, or max.", metavar="X|max")]


def console_for(*, as_json: bool = False) -> Console:
    """Make a console; where the output is JSON, words for people go to stderr."""
    return Console(stderr=as_json, highlight=False)


def speed_of(words: str) -> float:
    """Read a speed: a number above 0 with or without an x, or ``max``, which is infinity.

    Raises:
        typer.BadParameter: When it is neither.
    """
    if words == "max":
        return float("inf")
    try:
        speed = float(words.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not speed > 0:
        message = f"{words!r} is no speed: a number above 0, or max"
        raise typer.BadParameter(message)
    return speed
