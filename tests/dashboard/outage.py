"""A line between a browser and the server that can be cut and mended."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Line:
    """Forwards bytes both ways while it is whole."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self.whole = True
        self.url = ""

    def cut(self) -> None:
        """Lose every connection, and refuse new ones."""
        self.whole = False
        for writer in list(self._writers):
            writer.transport.abort()

    def mend(self) -> None:
        """Carry connections again."""
        self.whole = True

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to its end."""
        if not self.whole:
            writer.transport.abort()
            return
        from_server, to_server = await asyncio.open_connection(*self._there)
        both = {writer, to_server}
        self._writers |= both
        try:
            await asyncio.gather(_pump(reader, to_server), _pump(from_server, writer))
        finally:
            for each in both:
                each.transport.abort()
            self._writers -= both


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def line_to(host: str, port: int) -> AsyncIterator[Line]:
    """Open a line on a port of its own; its ``url`` is what a browser asks."""
    line = Line(host, port)
    carrying: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(line.connect(reader, writer))
        carrying.add(task)
        await asyncio.wait({task})
        carrying.discard(task)

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        line.cut()
        if carrying:
            await asyncio.wait(carrying)
