"""``sabiscore worker``: run the agents, one process each."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import faust_redis
from agents import archive, forecast, metrics, record, shadow
from commands.exposition import SHARED_FOLDER, shared_metrics
from commands.settings import given
from commands.supervise import Supervisor
from embedded.check import wait_for_postgres
from model_store import CHALLENGER, CHAMPION, ModelStore
from schemas import migrate
from schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import faust

    from commands.settings import Settings
    from model_store.model import Model

AGENTS = (forecast.APP, record.APP, archive.APP, shadow.APP)


def usual(settings: Settings) -> list[str]:
    """The agents that run where none is named: the shadow only where there is a challenger."""
    challenged = CHALLENGER in ModelStore(settings.models).aliases()
    return [name for name in AGENTS if name != shadow.APP or challenged]


_READERS = {
    forecast.APP: (forecast.APP, archive.APP),
    archive.APP: (forecast.APP, archive.APP),
    record.APP: (record.APP,),
    shadow.APP: (forecast.APP, archive.APP),
}
"""The agents that read what each reads: nothing goes before they have it, started or not."""

_NICE = 10
"""Of what writes history: the forecasts, which somebody waits for, have the cores first."""


def require_addresses(names: Sequence[str], settings: Settings) -> None:
    """Return when every address that these agents need was given.

    Raises:
        SettingsError: When one was not.
    """
    given(settings.redis, "redis")
    if any(name != forecast.APP for name in names):
        given(settings.database, "database")


def run_one(name: str, settings: Settings) -> int:
    """Run the agent *name* in this process until it is told to stop; return the exit code."""
    app = faust_redis.App(
        name,
        broker=given(settings.redis, "redis"),
        namespace=settings.namespace,
        partitions=settings.partitions,
        lease_s=settings.lease_s,
        keep_s=3600 * settings.keep_hours,
        keep_for=_READERS[name],
        on_commit=_observe_commit(name),
        on_fenced=lambda _partition: metrics.FENCED.labels(name).inc(),
    )
    _build(name, app, settings)
    return faust_redis.run(app)


def processes_of(names: Sequence[str], forecasters: int) -> list[tuple[str, list[str]]]:
    """Name each process of these agents, and the command that it runs.

    Several of ``forecast`` share the partitions among them.
    """
    found = [(name, ["worker", name]) for name in names]
    if forecast.APP in names:
        more = range(2, forecasters + 1)
        found += [(f"{forecast.APP}-{number}", ["worker", forecast.APP]) for number in more]
    return found


def run_all(
    names: Sequence[str], env: dict[str, str], metrics_port: int | None, forecasters: int
) -> int:
    """Run several agents in processes of their own until we are told to stop.

    Their metrics are served together on *metrics_port*, if that is given.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with (
        shared_metrics(metrics_port) as shared,
        Supervisor([Path(shared[SHARED_FOLDER])]) as supervisor,
    ):
        for name, words in processes_of(names, forecasters):
            supervisor.start(name, words, env | shared)
        while not stop.wait(0.2):
            supervisor.check()
    return 0


def _build(name: str, app: faust.App, settings: Settings) -> None:
    if name == forecast.APP:
        forecast.build(
            app,
            load_model=_loader(settings, CHAMPION),
            namespace=settings.namespace,
            batch_records=settings.batch_records,
        )
        return
    os.nice(_NICE)
    # Each instance may be the first to come up against a new database.
    database = wait_for_postgres(given(settings.database, "database"))
    migrate.upgrade(database)
    if name == shadow.APP:
        shadow.build(
            app,
            load_model=_loader(settings, CHALLENGER),
            redis_url=given(settings.redis, "redis"),
            database_url=database,
            namespace=settings.namespace,
            run=settings.run,
            first_model=ModelStore(settings.models).aliases().get(CHALLENGER, ""),
            batch_records=settings.batch_records,
        )
        return
    build = {record.APP: record.build, archive.APP: archive.build}[name]
    build(app, database_url=database, run=settings.run)


def _loader(settings: Settings, alias: str) -> Callable[[str], Model]:
    """Load models once each; the one of *alias* now, ahead of the first event.

    What is wrong with that one is said when an event needs it.
    """
    load = cache(ModelStore(settings.models).load)
    with suppress(ModelError):
        load(alias)
    return load


def _observe_commit(name: str) -> Callable[[faust_redis.Batch, float], None]:
    def observe(batch: faust_redis.Batch, seconds: float) -> None:
        metrics.COMMIT_S.labels(name).observe(seconds)
        if name == forecast.APP:
            metrics.observe_latency(entry.position for entry in batch.records)

    return observe
