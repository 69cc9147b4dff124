"""The parts of one server of reads, and the tasks that live as long as it does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import structlog

from dashboard.catalogue import Catalogue
from dashboard.follower import Follower
from dashboard.gauge import Gauge
from dashboard.history import History
from dashboard.hub import Hub
from dashboard.metrics import ReadMetrics
from dashboard.observer import Observer
from dashboard.published import Shelf
from dashboard.reads import Reads
from dashboard.recorded import Recorded
from dashboard.snapshots import Snapshots
from dashboard.source import Source
from dashboard.status import Status
from dashboard.stream import Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from dashboard.settings import Settings
    from schemas.competitions import Competition

RESTART_S = 0.5

_log = structlog.get_logger(__name__)


class Parts:
    """Everything that a server of reads is made of; nothing connects before it starts."""

    def __init__(self, settings: Settings, table: dict[str, Competition]) -> None:
        self._settings = settings
        self.hub = Hub(time.monotonic)
        self.metrics = ReadMetrics()
        self._source = Source(settings)
        self._gauge = Gauge(settings)
        self._recorded = (
            Recorded(settings.database_url, settings.run) if settings.database_url else None
        )
        self._observer = Observer(self._gauge)
        self._shelf = Shelf(settings.models)
        self.follower = Follower(self.hub, self._source, settings, self.metrics, self._recorded)
        snapshots = Snapshots(self.hub, time.monotonic)
        self.reads = Reads(self.hub, self._source, self.metrics, table, snapshots)
        self.history = History(self.hub, self._recorded)
        self.catalogue = Catalogue(self.hub, table, self._shelf, snapshots)
        self.status = Status(self.hub, self._observer, self.metrics)
        self.stream = Stream(self.hub, settings)

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        """Keep the mirror, the status and the models up to date while the server runs."""
        settings = self._settings
        kept: dict[str, Callable[[], Awaitable[None]]] = {
            "mirror": self.follower.run,
            "status": lambda: self._observer.run(settings.look_s),
            "stream": self.stream.watch,
            "models": lambda: self._shelf.run(settings.models_s),
            "timelines": lambda: self.history.recall(settings.recall_s),
        }
        tasks = [asyncio.create_task(self._keep(name, run)) for name, run in kept.items()]
        yield
        self.hub.close()
        for task in tasks:
            await _end(task)
        await self._source.close()
        await self._gauge.close()
        if self._recorded is not None:
            await self._recorded.close()

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a task that has no end; one that ends all the same is counted and begun again."""
        while True:
            try:
                await run()
                _log.error("task.ended", task=name)
            except Exception:  # noqa: BLE001 - what it was is logged; ending unseen would be worse
                _log.exception("task.failed", task=name)
            self.metrics.restarts.labels(name).inc()
            await asyncio.sleep(RESTART_S)


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel until it is over: the Redis client can swallow a cancellation while it connects."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.1)
