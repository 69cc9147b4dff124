"""Serves the reads over HTTP until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from typing import TYPE_CHECKING

import uvicorn
import uvloop
from prometheus_client import multiprocess
from redis.exceptions import RedisError

from dashboard.app import create_app
from dashboard.metrics import SHARED_FOLDER, check_shared_folder
from dashboard.settings import Settings, without_password
from dashboard.source import connect
from schemas import keys
from schemas.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.applications import Starlette

    from schemas.competitions import Competition

STOP_S = 3
MAX_REQUEST_HEAD_BYTES = 32_768


class _Server(uvicorn.Server):
    """A uvicorn that leaves the signals to us: it would send them to us again when it is done."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(
    redis_url: str,
    namespace: str = keys.LIVE,
    partitions: int = 1,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    database_url: str | None = None,
    models: Path | None = None,
    competitions: dict[str, Competition] | None = None,
    started: Callable[[str], None] | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT, then return 0; *started* gets the address once it answers.

    Raises:
        ServerError: When Redis does not answer or the port cannot be had; nothing was started.
        SettingsError: When the address of Redis or a table cannot be read.
    """
    settings = Settings(
        redis_url=redis_url,
        namespace=namespace,
        partitions=partitions,
        database_url=database_url,
        models=models,
    )
    check_shared_folder()
    app = create_app(settings, competitions)
    asyncio.run(_check_redis(settings))
    with (
        _listen(host, port) as listener,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_serve(app, listener, started))
    if os.environ.get(SHARED_FOLDER):
        multiprocess.mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]  # it has no annotations
    return 0


async def _check_redis(settings: Settings) -> None:
    redis = connect(settings)
    try:
        await redis.ping()
    except (RedisError, OSError) as error:
        where = without_password(settings.redis_url)
        msg = f"Redis at {where} does not answer ({error}): start it, or give another --redis"
        raise ServerError(msg) from error
    finally:
        await redis.aclose()


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else is started."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # The protocol by name: only then does asyncio switch off Nagle's algorithm, which would
        # hold back the body of an answer for the 40 ms until its head is acknowledged.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise ServerError(f"{host} is no address to serve at: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1_024)
    except OSError as error:
        listener.close()
        msg = f"port {port} at {host} cannot be served ({error.strerror}): give another --port"
        raise ServerError(msg) from error
    return listener


async def _serve(
    app: Starlette, listener: socket.socket, started: Callable[[str], None] | None
) -> None:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        h11_max_incomplete_event_size=MAX_REQUEST_HEAD_BYTES,
        timeout_graceful_shutdown=STOP_S,
    )

    def ready() -> None:
        if started is not None:
            started(_address(listener))

    server = _Server(config, ready)

    def stop() -> None:
        app.state.hub.close()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop)
    await server.serve(sockets=[listener])


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
