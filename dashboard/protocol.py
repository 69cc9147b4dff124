"""HTTP/1.1 with bounds that uvicorn leaves open: the size of a head, and of what waits unsent."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from dashboard.front import joined
from dashboard.stream import ABORT

if TYPE_CHECKING:
    import asyncio

    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

MAX_HEAD_BYTES = 32_768
"""Longer ones are not even gathered; the application refuses shorter ones with more words."""
MAX_UNSENT_BYTES = 32_768
"""A client that takes nothing costs us this, and is then waited for."""
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n"
    b"content-type: application/problem+json\r\ncontent-length: 120\r\n\r\n"
    b'{"type":"about:blank","title":"Request Header Fields Too Large","status":431,'
    b'"detail":"the head is longer than we read"}'
)


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    _head_bytes = 0
    _in_head = True
    _head_ended = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Bound what waits to be sent."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)

    def data_received(self, data: bytes) -> None:
        """Refuse a head that goes on for too long instead of gathering it."""
        self._head_ended = False
        super().data_received(data)
        if self._in_head and not self._head_ended:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(_REFUSAL)
                self.transport.close()

    def on_message_begin(self) -> None:
        """Let the application end this connection at once."""
        super().on_message_begin()
        self._in_head = True
        extensions = {ABORT: self.transport.abort}
        cast("dict[str, object]", self.scope)["extensions"] = extensions

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Answer at once what needs no waiting; a task of its own costs more than such an answer.

        Not while further requests of this connection wait: each would be answered within the other.
        """
        instant = getattr(app, "instant", None)
        if instant is None or self.pipeline or self.flow.write_paused:
            super()._start_asgi_task(cycle, app)
            return
        held = instant(cycle.scope)
        if held is None:
            super()._start_asgi_task(cycle, app)
            return
        close = b"" if cycle.keep_alive else b"connection: close\r\n"
        always = _joined_once(tuple(self.server_state.default_headers))
        head = (STATUS_LINE[held.status], always, held.head, joined(held.passing), close, b"\r\n")
        self.transport.write(b"".join((*head, held.body)))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()

    def on_headers_complete(self) -> None:
        """Begin to count anew."""
        self._in_head, self._head_ended, self._head_bytes = False, True, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect another head."""
        self._in_head = True
        super().on_message_complete()


@lru_cache(maxsize=4)
def _joined_once(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """Headers as they are sent; the same for a second, until the date is another."""
    return joined(list(headers))
