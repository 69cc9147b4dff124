"""The stage of a round: real servers, and either our workers or the bare loops on them."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct
from sqlalchemy import create_engine, func, select

import embedded.postgres
import embedded.redis
from commands import drain
from commands.supervise import ONE_THREAD, Supervisor
from commands.worker import processes_of
from embedded.lifeline import spawn
from faust_redis import Publisher
from schemas import migrate
from schemas.events import encode_event
from schemas.keys import CHANGES, EVENTS, stream
from schemas.tables import events, forecasts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from commands.settings import Settings
    from schemas.events import AnyEvent

_Started: TypeAlias = "tuple[dict[str, list[int]], Callable[[], None]]"
System: TypeAlias = Literal["sabiscore", "bare"]
SYSTEMS: tuple[System, ...] = ("sabiscore", "bare")

_PATIENCE_S = 180.0
# Halted workers must not lose their partitions.
_LEASE_S = 600.0
_BARE = {
    "forecast": ("benchmarks.bare_forecast",),
    "record": ("benchmarks.bare_sink", "record"),
    "archive": ("benchmarks.bare_sink", "archive"),
}
APPS = tuple(_BARE)
"""The agents at work; a challenger's shadow is not measured."""


class NotDoneError(Exception):
    """The workers did not finish, or what they wrote does not add up."""


class Stage(Struct):
    """Servers and workers, ready; ``pids`` of each part's processes."""

    settings: Settings
    pids: dict[str, list[int]]
    publisher: Publisher
    check: Callable[[], None]

    @property
    def workers(self) -> list[int]:
        """The process ids of all workers."""
        return [pid for name in APPS for pid in self.pids[name]]

    def items(self, wanted: Iterable[AnyEvent]) -> dict[int, list[tuple[bytes, bytes]]]:
        """Encode *wanted* for publishing, by partition."""
        found: dict[int, list[tuple[bytes, bytes]]] = {}
        for event in wanted:
            partition = self.publisher.assign(event.partitionkey)
            found.setdefault(partition, []).append((event.id.encode(), encode_event(event)))
        return found

    def drained(self, pause_s: float = 0.02) -> None:
        """Return once all is committed, recorded and archived.

        Raises:
            NotDoneError: When it takes minutes.
        """
        give_up_s = time.monotonic() + _PATIENCE_S
        with drain.connect(str(self.settings.redis)) as client:
            while any(drain.behind(client, self.settings, app) for app in APPS):
                self.check()
                if time.monotonic() > give_up_s:
                    raise NotDoneError(f"the workers were not done within {_PATIENCE_S:.0f} s")
                time.sleep(pause_s)

    def entries(self, topic: str) -> int:
        """Count the entries of a topic's streams."""
        settings = self.settings
        with drain.connect(str(settings.redis)) as client:
            return sum(
                int(client.xlen(stream(settings.namespace, partition, topic)))
                for partition in range(settings.partitions)
            )

    def verify(self) -> None:
        """Check that Postgres holds every event and every forecast of the streams.

        Raises:
            NotDoneError: When it does not.
        """
        engine = create_engine(str(self.settings.database))
        with engine.connect() as connection:
            for table, topic in ((events, EVENTS), (forecasts, CHANGES)):
                rows = connection.execute(select(func.count()).select_from(table)).scalar()
                entries = self.entries(topic)
                if rows != entries:
                    raise NotDoneError(f"{entries} {topic} in Redis, {rows} rows of {table.name}")
        engine.dispose()


@contextmanager
def staged(system: System, settings: Settings) -> Iterator[Stage]:
    """Start servers of our own and the workers of *system*; end them all with the block."""
    with ExitStack() as stack:
        redis = stack.enter_context(embedded.redis.start())
        postgres = stack.enter_context(embedded.postgres.start())
        migrate.upgrade(postgres.url)
        metrics = stack.enter_context(tempfile.TemporaryDirectory(prefix="sabi-metrics-"))
        ready = settings.model_copy(
            update={"redis": redis.socket_url, "database": postgres.socket_url, "lease_s": _LEASE_S}
        )
        env = ready.environment() | {"PROMETHEUS_MULTIPROC_DIR": metrics}
        start = _workers if system == "sabiscore" else _loops
        pids, check = start(stack, env, ready.forecasters)
        publisher = Publisher(redis.socket_url, ready.namespace, partitions=ready.partitions)
        stack.callback(publisher.close)
        pids |= {"redis": [redis.pid], "postgres": [postgres.pid]}
        yield Stage(ready, pids, publisher, check)


def _workers(stack: ExitStack, env: dict[str, str], forecasters: int) -> _Started:
    supervisor = stack.enter_context(Supervisor())
    pids: dict[str, list[int]] = {name: [] for name in APPS}
    for name, words in processes_of(APPS, forecasters):
        supervisor.start(name, words, env)
        pids[words[-1]].append(supervisor.pid(name))
    return pids, supervisor.check


def _loops(stack: ExitStack, env: dict[str, str], _forecasters: int) -> _Started:
    whole = {**os.environ, **ONE_THREAD, **env}
    children = {}
    for name, words in _BARE.items():
        children[name] = spawn([sys.executable, "-m", *words], env=whole)
        stack.callback(children[name].stop)

    def check() -> None:
        for name, child in children.items():
            if (code := child.poll()) is not None:
                raise NotDoneError(f"the bare loop of {name} ended with code {code}")

    return {name: [child.pid] for name, child in children.items()}, check
