"""A real Valkey of our own, and worker processes on it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faust_redis.servers import Server, Valkey, WorkerProcess


@pytest.fixture
def server() -> Iterator[Server]:
    """A running server of its own for one test."""
    with tempfile.TemporaryDirectory(prefix="fr-", dir="/tmp") as folder:
        server = Server(Path(folder))
        server.start()
        yield server
        server.kill()


@pytest.fixture
def valkey(server: Server) -> Iterator[Valkey]:
    """A plain client of the running server."""
    with server.client() as client:
        yield client


@pytest.fixture(params=["valkey", "redis"])
def any_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The Valkey that we ship, and the machine's own Redis."""
    binary = ""
    if request.param == "redis":
        binary = shutil.which("redis-server") or ""
        if not binary:
            pytest.skip("there is no redis-server on this machine")
    with tempfile.TemporaryDirectory(prefix="fr-", dir="/tmp") as folder:
        server = Server(Path(folder), binary)
        server.start()
        yield server
        server.kill()


StartWorker = Callable[..., WorkerProcess]


@pytest.fixture
def start_worker() -> Iterator[StartWorker]:
    """Start worker processes; those still alive at the end are killed."""
    started: list[WorkerProcess] = []

    def start(
        url: str, *, partitions: int = 4, slow_s: float = 0.0, lease_s: float = 1.0
    ) -> WorkerProcess:
        started.append(WorkerProcess(url, partitions, slow_s, lease_s))
        return started[-1]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.kill()
