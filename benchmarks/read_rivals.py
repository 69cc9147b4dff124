"""What our reads are laid beside: a constant answer of the same server, and one that asks Redis.

``python -m benchmarks.read_rivals KIND PORT REDIS_URL KEY`` serves until it is stopped; kinds are
``constant``, ``at-once`` and ``naive``.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import redis
import uvicorn
import uvloop
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from dashboard.protocol import BoundedProtocol
from dashboard.serve import _listen

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send


def constant(body: bytes) -> ASGIApp:
    """The least an application can do: the same bytes to everybody, with length and type."""
    headers = [
        (b"content-length", str(len(body)).encode()),
        (b"content-type", b"application/json"),
    ]

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


class AtOnce:
    """A constant answer by the same short cut that our reads of one match take, without a scope."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._head = b"content-length: %d\r\ncontent-type: application/json\r\n" % len(body)

    def instant(self, *_asked: object) -> tuple[int, bytes, bytes]:
        """Status, headers and body as they are sent."""
        return 200, self._head, self._body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what does not come as one short GET in the ordinary way."""
        await constant(self._body)(scope, receive, send)


def naive(url: str, key: str) -> ASGIApp:
    """What one would write first: a route that asks Redis for each request."""
    client = Redis.from_url(url, max_connections=64)

    async def one(_request: Request) -> Response:
        body = await client.get(key)
        return Response(body or b"", 200 if body else 404, media_type="application/json")

    return Starlette(routes=[Route("/v1/predictions/{match_id}", one)])


def main(kind: str, port: str, url: str, key: str) -> None:
    """Serve one of them."""
    with redis.Redis.from_url(url) as client:
        body = client.get(key)
    if not isinstance(body, bytes):
        raise SystemExit(f"there is nothing under {key}")
    app: ASGIApp = naive(url, key)
    if kind != "naive":
        app = constant(body) if kind == "constant" else AtOnce(body)
    config = uvicorn.Config(
        app,
        http=BoundedProtocol,
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
    )
    with (
        _listen("127.0.0.1", int(port)) as listener,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main(*sys.argv[1:])
