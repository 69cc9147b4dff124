"""Real worker processes over real servers, for tests that look at the whole from outside."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
import redis

from commands import drain
from commands.read_probe import wait_until_ready
from commands.settings import Settings, settings_from
from commands.supervise import ONE_THREAD
from embedded.lifeline import Child, spawn
from embedded.ports import free_port
from producers import simulate
from schemas.events import AnyEvent, FixtureScheduled
from schemas.keys import CHANGES, STATE, cursor, prediction_prefix, stream

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTITIONS = 3


@dataclass
class Workers:
    """Agents that run in processes of their own, by name."""

    settings: Settings
    running: dict[str, Child]

    def start(self, *names: str) -> None:
        """Start each agent named; ``forecast-2`` is one more of ``forecast``."""
        env = {**os.environ, **ONE_THREAD, **self.settings.environment()}
        for name in names:
            argv = [sys.executable, "-m", "sabiscore", "worker", name.partition("-")[0]]
            self.running[name] = spawn(argv, env=env)

    def kill(self, name: str) -> None:
        """End an agent as a crash would."""
        self.running.pop(name).kill()

    def check(self) -> None:
        """Fail when an agent ended by itself."""
        for name, child in self.running.items():
            assert child.poll() is None, f"{name} ended with {child.poll()}"

    def drained(self, *names: str) -> None:
        """Return when these agents have committed all there is to read."""
        with drain.connect(str(self.settings.redis)) as client:
            drain.wait(client, self.settings, names, self.check)

    def committed_some(self, name: str, entries: int) -> None:
        """Return when *name* has committed at least so many entries over all partitions."""
        keys = [cursor(self.settings.namespace, p, name) for p in range(PARTITIONS)]
        with drain.connect(str(self.settings.redis)) as client:
            while sum(int(client.hget(key, "count") or 0) for key in keys) < entries:
                self.check()
                time.sleep(0.01)

    def shared_by(self, name: str, count: int) -> None:
        """Return when so many processes of an agent own all partitions among them."""
        keys = [cursor(self.settings.namespace, p, name) for p in range(PARTITIONS)]
        with drain.connect(str(self.settings.redis)) as client:
            while True:
                owners = [client.hget(key, "owner") for key in keys]
                if all(owners) and len(set(owners)) == count:
                    return
                self.check()
                time.sleep(0.01)


@contextmanager
def workers(
    redis_url: str, postgres_url: str, namespace: str, *, batch_records: int = 256
) -> Iterator[Workers]:
    """Yield agents to start; those that still run are ended after."""
    settings = settings_from(
        redis=redis_url,
        database=postgres_url,
        namespace=namespace,
        partitions=PARTITIONS,
        lease_s=1.0,
        batch_records=batch_records,
    )
    group = Workers(settings, {})
    try:
        yield group
    finally:
        for child in group.running.values():
            child.stop()


@contextmanager
def served_reads(group: Workers) -> Iterator[int]:
    """Yield the port at which a process of its own serves what the agents of *group* forecast."""
    port = free_port()
    argv = [sys.executable, "-m", "sabiscore", "serve", "--port", str(port)]
    child = spawn(argv, env={**os.environ, **ONE_THREAD, **group.settings.environment()})
    try:
        wait_until_ready(port, lambda: None)
        yield port
    finally:
        child.stop()


def three_pools(events_each: int) -> list[AnyEvent]:
    """Tell the beginning of three simulated leagues at once, each a pool of its own."""
    told: list[AnyEvent] = []
    for seed in (1, 2, 3):
        league = simulate.league(seed, seasons=1)
        stories = (_renamed(event, seed) for event in league.events())
        told += [event for _, event in zip(range(events_each), stories, strict=False)]
    return sorted(told, key=lambda event: event.time)


def _renamed(event: AnyEvent, seed: int) -> AnyEvent:
    name = f"sim{seed}"
    changes: dict[str, Any] = {
        "partitionkey": name,
        "subject": re.sub(r"^sim1-", f"{name}-", event.subject),
        "id": f"{name}:{event.id}",
    }
    if isinstance(event, FixtureScheduled):
        changes["data"] = msgspec.structs.replace(event.data, competition=name)
    return msgspec.structs.replace(event, **changes)


def traces(settings: Settings) -> dict[str, Any]:
    """Everything that a run leaves behind, but for positions, which are the clock's."""
    left: dict[str, Any] = {}
    with redis.Redis.from_url(str(settings.redis)) as client:
        for partition in range(PARTITIONS):
            state = stream(settings.namespace, partition, STATE)
            changes = stream(settings.namespace, partition, CHANGES)
            left[f"state {partition}"] = client.hgetall(state)
            left[f"changes {partition}"] = [body[b"e"] for _, body in client.xrange(changes)]
        prefix = prediction_prefix(settings.namespace)
        keys = sorted(client.scan_iter(match=f"{prefix}*", count=1000))
        left["cache"] = {key.decode().removeprefix(prefix): client.get(key) for key in keys}
    left["forecasts"] = _rows(
        settings, "SELECT body FROM forecasts WHERE run = %s ORDER BY match_id, epoch, revision"
    )
    left["events"] = _rows(
        settings,
        "SELECT partition, body FROM events WHERE run = %s"
        " ORDER BY partition, position_ms, position_seq",
    )
    return left


def _rows(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(str(settings.database).replace("+psycopg", "")) as connection:
        return connection.execute(query, (settings.run,)).fetchall()
