"""``/v1/stream``: one Server-Sent Event for each changed match, the newest only."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent

from dashboard.hub import Hub, Subscription
from dashboard.problems import problem
from dashboard.query import parse_query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from dashboard.mirror import Change
    from dashboard.settings import Settings


class Stream:
    """The handler of one server's stream."""

    def __init__(self, hub: Hub, settings: Settings) -> None:
        self._hub = hub
        self._settings = settings

    async def follow(self, request: Request) -> Response:
        """``GET /v1/stream?match=&competition=&date=&status=&since=``.

        A client that comes back says where it was, by ``Last-Event-ID`` or ``since``, and is told
        what changed meanwhile; where we cannot know, a ``reset`` event tells it to read again.
        """
        query = parse_query(request.query_params)
        if len(self._hub.subscriptions) >= self._settings.stream_clients:
            detail = "as many clients follow the stream as this server takes; ask again shortly"
            return problem(503, detail, headers={"Retry-After": "10"})
        since = request.headers.get("last-event-id") or request.query_params.get("since")
        # Registered before the response starts, so that no change falls between the two.
        subscription = Subscription(query)
        self._hub.subscriptions.add(subscription)
        return EventSourceResponse(
            self._events(subscription, since),
            ping=self._settings.heartbeat_s,
            ping_message_factory=self._heartbeat,
            send_timeout=self._settings.send_timeout_s,
        )

    async def _events(
        self, subscription: Subscription, since: str | None
    ) -> AsyncIterator[bytes | ServerSentEvent]:
        try:
            yield self._heartbeat()
            if since is not None:
                missed = self._hub.missed(since, subscription.query)
                if missed is None:
                    yield ServerSentEvent(data="{}", event="reset", id=self._hub.position)
                elif missed:
                    yield self._encode(missed)
            while not subscription.closed:
                changes = await subscription.take()
                yield self._encode(changes)
                await asyncio.sleep(self._settings.flush_s)
        finally:
            self._hub.subscriptions.discard(subscription)

    def _heartbeat(self) -> ServerSentEvent:
        body = {"freshness": self._hub.freshness.value, "age_s": int(self._hub.age_s)}
        return ServerSentEvent(data=msgspec.json.encode(body).decode(), event="heartbeat")

    def _encode(self, changes: list[Change]) -> bytes:
        return b"".join([_event(self._hub.history, change) for change in changes])


def _event(history: str, change: Change) -> bytes:
    if change.now is None:
        body = msgspec.json.encode({"match_id": change.match_id})
        return b"event: gone\r\ndata: " + body + b"\r\n\r\n"
    # Our own writer writes one line; another's may not.
    data = b"\r\ndata: ".join(change.now.raw.splitlines())
    place = f"id: {history}-{change.now.sequence}\r\n".encode()
    return place + b"event: forecast\r\ndata: " + data + b"\r\n\r\n"
