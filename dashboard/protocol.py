"""HTTP/1.1 with bounds that uvicorn leaves open: the size of a head, and of what waits unsent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from dashboard.front import MAX_TARGET_BYTES, joined
from dashboard.stream import ABORT

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    Instant = Callable[
        [bytes, dict[bytes, bytes], tuple[str, int] | None], tuple[int, bytes, bytes] | None
    ]


MAX_HEAD_BYTES = 32_768
"""Longer ones are not even gathered; the application refuses shorter ones with more words."""
SHORT_BYTES = MAX_TARGET_BYTES
"""What arrives in so few bytes keeps every bound of the application."""
_WITH_BODY = {b"content-length", b"transfer-encoding"}
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
    _chunk_bytes = 0
    _in_head = True
    _head_ended = False
    _is_answered = False
    _dated: object = None
    _date = b""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever uvicorn gives
        super().__init__(*args, **kwargs)
        self._instant: Instant | None = getattr(self.app, "instant", None)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Bound what waits to be sent."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)

    def data_received(self, data: bytes) -> None:
        """Refuse a head that goes on for too long instead of gathering it."""
        self._head_ended, self._chunk_bytes = False, len(data)
        super().data_received(data)
        if self._in_head and not self._head_ended:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(_REFUSAL)
                self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to gather a head; what an application needs of it is made when that is asked."""
        self._in_head = True
        if self._instant is None:
            self._begin()
        else:
            self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        """Answer at once what needs no waiting: a scope and a task cost more than the answer."""
        is_short = self._head_bytes + self._chunk_bytes <= SHORT_BYTES
        self._in_head, self._head_ended, self._head_bytes = False, True, 0
        self._is_answered = is_short and self._instant is not None and self._answer_at_once()
        if self._is_answered:
            return
        if self._instant is not None:
            url, headers, expects = self.url, self.headers, self.expect_100_continue
            self._begin()
            self.url, self.expect_100_continue = url, expects
            self.headers += headers
        super().on_headers_complete()

    def _begin(self) -> None:
        """Make the scope; the application can end this connection at once."""
        super().on_message_begin()
        extensions = {ABORT: self.transport.abort}
        cast("dict[str, object]", self.scope)["extensions"] = extensions

    def _answer_at_once(self) -> bool:
        """Answer what is there, to a plain GET that waits for no other answer."""
        parser, asked = self.parser, dict(self.headers)
        if (
            parser.get_method() != b"GET"
            or self._is_answering()
            or self.flow.write_paused
            or parser.get_http_version() != "1.1"
            or parser.should_upgrade()
            or not asked.keys().isdisjoint(_WITH_BODY)
        ):
            return False
        held = self._instant(self.url, asked, self.client) if self._instant else None
        if held is None:
            return False
        self._send(*held, keep_alive=parser.should_keep_alive())
        return True

    def _is_answering(self) -> bool:
        """Whether a request before this one still waits for its answer."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _send(self, status: int, headers: bytes, body: bytes, *, keep_alive: bool) -> None:
        """Send a whole answer, and wait for the next request only so long."""
        if self._dated is not self.server_state.default_headers:  # others each second
            self._dated = self.server_state.default_headers
            self._date = joined(self.server_state.default_headers)
        end = b"\r\n" if keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(b"".join((STATUS_LINE[status], self._date, headers, end, body)))
        self.server_state.total_requests += 1
        if keep_alive:
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            self.transport.close()

    def on_body(self, body: bytes) -> None:
        """Gather a body for whom the application answers."""
        if not self._is_answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect another head."""
        self._in_head = True
        if not self._is_answered:
            super().on_message_complete()
