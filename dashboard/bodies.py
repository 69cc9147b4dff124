"""The JSON of answers that no other module describes, for the OpenAPI document and for encoding."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
from typing import Any

from msgspec import Struct

from dashboard.directory import CompetitionRow, TeamRow  # noqa: TC001 - the same
from dashboard.feeds import FeedRow  # noqa: TC001 - the same
from dashboard.gauge import Lag  # noqa: TC001 - the same
from schemas.forecast import Forecast  # noqa: TC001 - the same


class Predictions(Struct, frozen=True):
    """A page of forecasts by kick-off, then id; ``next_cursor`` leads to the next one, if any."""

    predictions: list[Forecast]
    count: int
    total: int
    next_cursor: str | None


class Competitions(Struct, frozen=True):
    """The competitions that there are matches of."""

    competitions: list[CompetitionRow]


class Teams(Struct, frozen=True):
    """The teams that there are matches of."""

    teams: list[TeamRow]


class ModelRow(Struct, frozen=True):
    """A version; ``metrics`` has by forecaster the matches and measures with their intervals."""

    label: str
    created: str
    aliases: list[str]
    trained_until: str
    rows: int
    seasons: list[str]
    competitions: list[str]
    metrics: dict[str, Any]


class Models(Struct, frozen=True):
    """All versions, and which of them is the champion."""

    champion: str | None
    models: list[ModelRow]


class Bin(Struct, frozen=True):
    """The held-out forecasts of an outcome from *low* to *high*, and how often it happened."""

    outcome: str
    low: float
    high: float
    n: int
    mean_forecast: float
    frequency: float


class Model(Struct, frozen=True):
    """One version: its accuracy in full, its calibration, and the rest of its manifest."""

    label: str
    created: str
    aliases: list[str]
    trained_until: str
    rows: int
    seasons: list[str]
    competitions: list[str]
    accuracy: dict[str, Any]
    calibration: list[Bin]


class Versions(Struct, frozen=True):
    """Which programs and models are at work; ``model`` is null while partitions differ.

    Challengers forecast in the shadow of the champion, for the record only.
    """

    sabiscore: str
    model: str | None
    models: list[str]
    challengers: list[str]
    redis: str | None


class PartitionStatus(Struct, frozen=True):
    """What the apps have still to do in a partition, by app, and the models at work there.

    ``model`` is in force for the matches of the ``pools``; ``challenger`` forecasts in its shadow.
    """

    partition: int
    pools: list[str]
    apps: dict[str, Lag]
    model: str | None
    challenger: str | None


class Throughput(Struct, frozen=True):
    """Means over the last ten looks."""

    events_per_s: float
    changes_per_s: float


class Errors(Struct, frozen=True):
    """Events set aside, and matches that were known and had no forecast when they were read."""

    dead: int
    misses: int


class SystemStatus(Struct, frozen=True):
    """How the system was ``looked_ago_s`` ago; null where Redis never answered."""

    now: dt.datetime
    ready: bool
    freshness: str
    age_s: float
    looked_ago_s: float | None
    epoch: int | None
    matches: int
    versions: Versions
    partitions: list[PartitionStatus]
    feeds: list[FeedRow]
    throughput: Throughput
    errors: Errors
    streams_clients: int


class Ready(Struct, frozen=True):
    """Whether the mirror was filled, and whether it follows."""

    ready: bool
    freshness: str
    age_s: int
    matches: int


class Alive(Struct, frozen=True):
    """The process runs."""

    alive: bool


class Problem(Struct, frozen=True):
    """RFC 9457: what was wrong, and what to do; ``field`` names a malformed one."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    match_id: str | None = None
    label: str | None = None
