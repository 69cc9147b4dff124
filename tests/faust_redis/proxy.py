"""A proxy between a worker and its server that loses replies, requests and connections."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import threading
from typing import TYPE_CHECKING, Any, Self

from faust_redis.scripts import COMMIT

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

_BLIND = COMMIT.text.replace("then return 'CONFLICT' end", "then end")
_COMMITS = (
    COMMIT.sha.encode(),
    # The commit of a mutant, whose replies are lost as well.
    hashlib.sha1(_BLIND.encode(), usedforsecurity=False).hexdigest().encode(),
)


class Proxy:
    """Forwards bytes both ways; *lose_replies* and *lose_requests* count commits yet to be hit."""

    def __init__(self, path: Path, server: Path) -> None:
        self.path = path
        self._server = server
        self.lose_replies = 0
        self.lose_requests = 0
        self.lost = 0
        self.rewrite = (b"", b"")
        """What of a reply is told otherwise, at the same length."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._started = threading.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.Task[None] | None] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def cut(self) -> None:
        """Close every connection."""
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._stopped = asyncio.Event()
        server = await asyncio.start_unix_server(self._connected, self.path)
        self._started.set()
        await self._stopped.wait()
        server.close()
        while open_ := {task for task in self._open if task is not None}:
            self._cut()
            await asyncio.wait(open_, timeout=0.1)

    async def _connected(
        self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        self._open.add(asyncio.current_task())
        try:
            await self._forward(from_client, to_client)
        finally:
            self._open.discard(asyncio.current_task())

    async def _forward(
        self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        try:
            from_server, to_server = await asyncio.open_unix_connection(self._server)
        except OSError:
            to_client.transport.abort()
            return
        both = {to_client, to_server}
        self._writers |= both
        dropping = asyncio.Event()
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await asyncio.wait(
                [
                    asyncio.ensure_future(_quiet(self._requests(from_client, to_server, dropping))),
                    asyncio.ensure_future(_quiet(self._replies(from_server, to_client, dropping))),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        self._writers -= both
        for writer in both:
            writer.transport.abort()

    async def _requests(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, dropping: asyncio.Event
    ) -> None:
        while data := await source.read(1 << 20):
            commit = any(sha in data for sha in _COMMITS)
            if commit and self.lose_requests > 0:
                self.lose_requests -= 1
                self.lost += 1
                return
            if commit and self.lose_replies > 0:
                self.lose_replies -= 1
                dropping.set()
            sink.write(data)
            await sink.drain()

    async def _replies(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, dropping: asyncio.Event
    ) -> None:
        while data := await source.read(1 << 20):
            if dropping.is_set():
                # The request was carried out; its reply ends here, and so does the connection.
                self.lost += 1
                return
            sink.write(data.replace(*self.rewrite) if all(self.rewrite) else data)
            await sink.drain()


async def _quiet(pump: Coroutine[Any, Any, None]) -> None:
    """A pump whose connection is cut has just ended."""
    with contextlib.suppress(OSError):
        await pump
