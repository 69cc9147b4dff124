"""A real Valkey, a real HTTP server, and forecasts committed the way a worker commits them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

import httpx
import pytest
import uvicorn

from dashboard.app import create_app
from dashboard.serve import _listen, config_of
from dashboard.settings import Settings
from tests.dashboard.bodies import made
from tests.dashboard.valkey import READY_WITHIN_S, Valkey, started

Forecasts: TypeAlias = Callable[..., bytes]
Serving: TypeAlias = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture(scope="session")
def one_valkey() -> Iterator[Valkey]:
    with started() as server:
        yield server


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
