"""Running an app as a worker process until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import faust

from faust_redis.checks import wait_until_fit
from faust_redis.client import Client
from faust_redis.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from faust_redis.app import App

_log = logging.getLogger(__name__)

_START_TIMEOUT_S = 30.0
_NOISY = ("faust", "mode")
_YOUNG, _MIDDLE = 10_000, 20
"""How many objects more than before make a collection of the youngest, and how many of these one of
the next: a read of some thousand records makes so many, and none of them is part of a cycle."""


class Worker(faust.Worker):
    """Faust's worker, which says in a sentence that the server will not do, and ends at once."""

    async def start(self) -> None:
        """Start the app (called by mode); a reason why it cannot is the reason of the exit."""
        try:
            await super().start()
        except TransportError as error:
            # Raised from here it would be logged with a traceback; so the exit code is 1 as well.
            self.log.error("%s", error)  # noqa: TRY400 - the sentence says it all
            self.crash_reason = error

    async def _sentinel_task(self) -> None:
        await asyncio.sleep(0)


def run(app: App, *, start_timeout_s: float = _START_TIMEOUT_S) -> int:
    """Run until SIGTERM or SIGINT, then finish the batch in hand, commit and give leases back.

    The exit code: 0 after a polite stop, 1 when an agent failed or the server will not do; a single
    sentence is logged for the latter. Nothing is written to stdout; logging is the caller's.

    Meanwhile the garbage collector leaves alone what was loaded before, and looks for cycles among
    what is new less often than Python's default, which took a fifth of a batch's time.
    """
    for name in _NOISY:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)
    try:
        asyncio.run(_preflight(app, start_timeout_s))
    except TransportError as error:
        _log.error("%s", error)
        return 1
    loop = _new_event_loop()
    asyncio.set_event_loop(loop)
    worker = Worker(app, loop=loop, quiet=True, override_logging=False, redirect_stdouts=False)
    worker.spinner = None
    code: object = 1
    try:
        with _seldom_collected():
            worker.execute_from_commandline()
    except SystemExit as stop:
        code = stop.code
    finally:
        asyncio.set_event_loop(None)
    return code if isinstance(code, int) else 1


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Within the block little is looked at for cycles, and seldom."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, thresholds[2])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


@asynccontextmanager
async def running(app: App) -> AsyncIterator[None]:
    """Run an app inside this event loop, beside others, for as long as the block lasts.

    An agent's error ends the app, and is raised when the block ends.
    """
    app.in_worker = True
    try:
        await app.start()
        await _settled(app)
        yield
    finally:
        await app.stop()
    if app.crash_reason is not None:
        raise app.crash_reason


async def _settled(app: App) -> None:
    """Return once the app has taken what it can have now, or has failed."""
    waiting = asyncio.ensure_future(app.wait_until_stopped())
    taken = asyncio.ensure_future(app.consumer.group.settled.wait())
    try:
        await asyncio.wait((waiting, taken), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        taken.cancel()


async def _preflight(app: App, timeout_s: float) -> None:
    client = Client(app.address, f"{app.id}:check")
    try:
        await wait_until_fit(client, app.keyspace, app.partitions, timeout_s)
    finally:
        client.close()


def _new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return asyncio.new_event_loop()
    make: Callable[[], Any] = uvloop.new_event_loop
    loop: asyncio.AbstractEventLoop = make()
    return loop
