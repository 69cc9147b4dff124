"""``/v1/stream``: one Server-Sent Event for each changed match, the newest only."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from dashboard.audience import Subscription
from dashboard.limits import network_of
from dashboard.problems import problem
from dashboard.query import parse_query

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from dashboard.hub import Hub
    from dashboard.mirror import Change
    from dashboard.settings import Settings

MEDIA_TYPE = "text/event-stream"
LASTING = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
ABORT = "sabi.abort"
"""Where the scope's extensions hold what ends the connection at once."""
PARTS = 10
"""Heartbeats are spread over so many parts of their pause, so that not all clients wake at once."""


class Stream:
    """The handler of one server's stream, and the task that watches over its clients."""

    def __init__(self, hub: Hub, settings: Settings) -> None:
        self._hub = hub
        self._settings = settings

    async def follow(self, request: Request) -> Response:
        """``GET /v1/stream?match=&competition=&date=&status=&team=&since=``.

        A client that comes back says where it was, by ``Last-Event-ID`` or ``since``, and is told
        what changed meanwhile; where we cannot know, a ``resync`` event tells it to read again.
        """
        query = parse_query(request.query_params)
        address = network_of(request.client.host if request.client else "")
        audience, settings = self._hub.subscriptions, self._settings
        if request.method == "HEAD":
            return Response(headers=LASTING, media_type=MEDIA_TYPE)
        if len(audience) >= settings.stream_clients:
            detail = "as many clients follow the stream as this server takes; ask again shortly"
            return problem(503, detail, headers={"Retry-After": "10"})
        if audience.at(address) >= settings.stream_clients_per_address:
            detail = "as many clients of this address follow the stream as may; end one of them"
            return problem(429, detail, headers={"Retry-After": "10"})
        since = request.headers.get("last-event-id") or request.query_params.get("since")
        # Registered before the response starts, so that no change falls between the two.
        subscription = Subscription(query, address)
        audience.add(subscription)
        return _Following(self._hub, settings, subscription, since)

    async def watch(self) -> None:
        """Remind every client of us in its turn, and drop those that take nothing; for ever."""
        turn = 0
        while True:
            await asyncio.sleep(self._settings.heartbeat_s / PARTS)
            turn = (turn + 1) % PARTS
            patient_since_s = time.monotonic() - self._settings.send_timeout_s
            for place, subscription in enumerate(list(self._hub.subscriptions)):
                since_s = subscription.sending_since_s
                if since_s is not None and since_s < patient_since_s:
                    subscription.abort()
                elif place % PARTS == turn:
                    subscription.remind()


class _Following(Response):
    """The answer that goes on until one of both ends it."""

    media_type = MEDIA_TYPE

    def __init__(
        self, hub: Hub, settings: Settings, subscription: Subscription, since: str | None
    ) -> None:
        super().__init__(headers=LASTING)
        del self.headers["content-length"]
        self._hub = hub
        self._settings = settings
        self._subscription = subscription
        self._since = since

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell the client of changes until it leaves or the server stops."""
        subscription = self._subscription
        subscription.abort = scope.get("extensions", {}).get(ABORT, subscription.abort)
        leaving = asyncio.create_task(_until_gone(receive, subscription))
        try:
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            await self._tell(send, self._heartbeat() + self._begin())
            while not subscription.closed:
                changes = await subscription.take()
                chunk = self._encode(changes)
                if subscription.beat:
                    subscription.beat = False
                    chunk += self._heartbeat()
                await self._tell(send, chunk)
                await asyncio.sleep(self._settings.flush_s)
            await send({"type": "http.response.body", "body": b""})
        finally:
            leaving.cancel()
            self._hub.subscriptions.discard(subscription)

    async def _tell(self, send: Send, chunk: bytes) -> None:
        if chunk:
            self._subscription.sending_since_s = time.monotonic()
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            self._subscription.sending_since_s = None

    def _begin(self) -> bytes:
        if self._since is None:
            return b""
        missed = self._hub.missed(self._since, self._subscription.query)
        if missed is None:
            return b"id: %s\r\nevent: resync\r\ndata: {}\r\n\r\n" % self._hub.position.encode()
        return self._encode(missed)

    def _heartbeat(self) -> bytes:
        body = {"freshness": self._hub.freshness.value, "age_s": int(self._hub.age_s)}
        return b"event: heartbeat\r\ndata: " + msgspec.json.encode(body) + b"\r\n\r\n"

    def _encode(self, changes: list[Change]) -> bytes:
        return b"".join([_event(self._hub.history, change) for change in changes])


async def _until_gone(receive: Receive, subscription: Subscription) -> None:
    """Close the subscription once the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
    subscription.close()


def _event(history: str, change: Change) -> bytes:
    """A change as the stream tells it; made once, however many clients hear of it."""
    if change.now is None:
        body = msgspec.json.encode({"match_id": change.match_id})
        return b"event: gone\r\ndata: " + body + b"\r\n\r\n"
    if change.now.event is None:
        # Our own writer writes one line; another's may not.
        data = b"\r\ndata: ".join(change.now.raw.splitlines())
        place = f"id: {history}-{change.now.sequence}\r\n".encode()
        change.now.event = place + b"event: forecast\r\ndata: " + data + b"\r\n\r\n"
    return change.now.event
