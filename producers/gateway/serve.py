"""Serves the gateway until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from typing import TYPE_CHECKING

import uvicorn
import uvloop

from producers.gateway.app import create_app
from schemas.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from producers.gateway.settings import Settings
    from schemas.competitions import Competition

_STOP_S = 5


class _Server(uvicorn.Server):
    """A uvicorn that leaves the signals to us: it would send them to us again when it is done."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(
    settings: Settings,
    host: str,
    port: int,
    *,
    competitions: dict[str, Competition],
    say: Callable[[str], None],
) -> int:
    """Serve until SIGTERM or SIGINT, then return 0.

    Raises:
        ServerError: When the port cannot be had.
    """
    with (
        _listen(host, port) as listener,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        say(f"POST events to http://{host}:{listener.getsockname()[1]}/v1/events")
        runner.run(_serve(settings, competitions, listener))
    return 0


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), family=_family(host), backlog=256)
    except OSError as error:
        msg = f"port {port} at {host} cannot be served ({error.strerror}): give another --port"
        raise ServerError(msg) from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _serve(
    settings: Settings, competitions: dict[str, Competition], listener: socket.socket
) -> None:
    server = _Server(
        uvicorn.Config(
            create_app(settings, competitions),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            ws="none",
            limit_concurrency=settings.requests_at_once,
            timeout_graceful_shutdown=_STOP_S,
        )
    )

    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    await server.serve(sockets=[listener])
