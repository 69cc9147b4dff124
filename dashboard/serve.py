"""Serves the reads over HTTP until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
from typing import TYPE_CHECKING

import structlog
import uvicorn
import uvloop
from prometheus_client import multiprocess
from redis.exceptions import RedisError

from dashboard.admin import admin_app
from dashboard.app import assemble
from dashboard.metrics import SHARED_FOLDER, check_shared_folder
from dashboard.parts import Parts
from dashboard.pauses import short_pauses
from dashboard.protocol import BoundedProtocol
from dashboard.recorded import AwayError, Recorded
from dashboard.settings import Settings, without_password
from dashboard.source import connect
from schemas.competitions import load_competitions
from schemas.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.applications import Starlette

    from dashboard.front import Front
    from dashboard.hub import Hub
    from schemas.competitions import Competition

STOP_S = 3
_log = structlog.get_logger(__name__)
ADMIN_HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    """A uvicorn that leaves the signals to us: it would send them to us again when it is done."""

    def __init__(
        self,
        config: uvicorn.Config,
        started: Callable[[str], None] | None,
        listener: socket.socket,
    ) -> None:
        super().__init__(config)
        self.listener = listener
        self._tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._tell_started is not None:
            self._tell_started(_address(self.listener))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    admin_port: int = 0,
    competitions: dict[str, Competition] | None = None,
    started: Callable[[str], None] | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT, then return 0; *started* gets the address once it answers.

    With an *admin_port* metrics and what only operators may do are served there, and only there,
    on the loopback.

    Raises:
        ServerError: When Redis does not answer or a port cannot be had; nothing was started.
        SettingsError: When the address of Redis or a table cannot be read.
    """
    check_shared_folder()
    parts = Parts(settings, load_competitions() if competitions is None else competitions)
    app = assemble(parts, settings, has_admin=bool(admin_port))
    asyncio.run(_check_sources(settings))
    _allow_many_connections()
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(_listen(host, port))]
        if admin_port:
            listeners.append(stack.enter_context(_listen(ADMIN_HOST, admin_port)))
        runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        servers = [_Server(config_of(app, settings), started, listeners[0])]
        servers += [_Server(admin_config(admin_app(parts)), None, one) for one in listeners[1:]]
        runner.run(_serve(servers, parts.hub))
    if os.environ.get(SHARED_FOLDER):
        multiprocess.mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]  # it has no annotations
    return 0


def _allow_many_connections() -> None:
    """Take as many files as we may: the usual 1,024 are fewer than the stream has clients."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _check_sources(settings: Settings) -> None:
    """Make sure that there is something to read from: Redis, or meanwhile Postgres."""
    redis = connect(settings)
    try:
        await redis.ping()
    except (RedisError, OSError) as error:
        where = without_password(settings.redis_url)
        msg = f"Redis at {where} does not answer ({error}): start it, or give another --redis"
        if settings.database_url is None or not await _answers(settings.database_url, settings.run):
            raise ServerError(msg) from error
        _log.warning("reads.redis_away", reason=msg, meanwhile="what Postgres recorded is served")
    finally:
        await redis.aclose()


async def _answers(database_url: str, run: str) -> bool:
    recorded = Recorded(database_url, run)
    try:
        await recorded.since("", (0, 0))
    except AwayError:
        return False
    finally:
        await recorded.close()
    return True


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


def config_of(app: Front, settings: Settings) -> uvicorn.Config:
    """How the application is served, by whoever serves it."""
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=STOP_S,
    )


def admin_config(app: Starlette) -> uvicorn.Config:
    """How what operators may do is served: the application's own lifespan runs the parts."""
    return uvicorn.Config(
        app, http=BoundedProtocol, loop="none", log_config=None, access_log=False, lifespan="off"
    )


async def _serve(servers: list[_Server], hub: Hub) -> None:
    def stop() -> None:
        hub.close()
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop)
    async with short_pauses(hub):
        await asyncio.gather(*[server.serve(sockets=[server.listener]) for server in servers])


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
