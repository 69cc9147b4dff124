"""``/v1/status``: how the whole system is, as it was seen about a second ago."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from dashboard.answers import JSON, freshness_headers
from dashboard.bodies import Errors, PartitionStatus, SystemStatus, Throughput, Versions

if TYPE_CHECKING:
    from starlette.requests import Request

    from dashboard.hub import Hub
    from dashboard.metrics import ReadMetrics
    from dashboard.observer import Observer


class Status:
    """The handler of one server."""

    def __init__(self, hub: Hub, observer: Observer, metrics: ReadMetrics) -> None:
        self._hub = hub
        self._observer = observer
        self._metrics = metrics
        self._version = _version()

    async def status(self, _request: Request) -> Response:
        """``GET /v1/status``: freshness, lag of every app, feeds, rates, errors, versions."""
        headers = freshness_headers(self._hub) | {"Cache-Control": "no-store"}
        return Response(msgspec.json.encode(self._told()), 200, headers, JSON)

    def _told(self) -> SystemStatus:
        hub, observer = self._hub, self._observer
        look = observer.newest
        rows = look.partitions if look else []
        models = sorted({row.model for row in rows if row.model})
        dead = sum(row.dead for row in rows)
        return SystemStatus(
            now=dt.datetime.now(dt.UTC),
            ready=hub.filled,
            freshness=hub.freshness.value,
            age_s=round(hub.age_s, 3),
            looked_ago_s=_rounded(observer.looked_ago_s),
            epoch=hub.mirror.epoch,
            matches=len(hub.mirror),
            versions=Versions(
                self._version,
                models[0] if len(models) == 1 else None,
                models,
                sorted({row.challenger for row in rows if row.challenger}),
                look.redis if look else None,
            ),
            partitions=[
                PartitionStatus(row.partition, row.pools, row.apps, row.model, row.challenger)
                for row in rows
            ],
            feeds=observer.feeds(),
            throughput=Throughput(observer.rate("events"), observer.rate("changes")),
            errors=Errors(dead, self._metrics.misses),
            streams_clients=len(hub.subscriptions),
        )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _version() -> str:
    try:
        return importlib.metadata.version("sabiscore")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
