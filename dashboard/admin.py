"""What only operators may do, on a port of its own that is off by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from dashboard.answers import JSON
from dashboard.problems import http_problem, problem, server_problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from dashboard.parts import Parts

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NO_STORE = {"Cache-Control": "no-store"}


def admin_app(parts: Parts) -> Starlette:
    """Figures, who follows the stream, and two things to do; touches nothing but this process."""

    async def clients(_request: Request) -> Response:
        rows = [
            {"address": address, "clients": count}
            for address, count in parts.hub.subscriptions.addresses()
        ]
        return Response(msgspec.json.encode({"clients": rows}), 200, NO_STORE, JSON)

    async def drop(request: Request) -> Response:
        address = request.path_params["address"]
        dropped = [one for one in parts.hub.subscriptions if one.address == address]
        for subscription in dropped:
            subscription.close()
        if not dropped:
            return problem(404, "nobody follows the stream from this address", address=address)
        return Response(msgspec.json.encode({"dropped": len(dropped)}), 200, NO_STORE, JSON)

    async def reconcile(_request: Request) -> Response:
        parts.follower.reconcile()
        return Response(b'{"asked":true}', 202, NO_STORE, JSON)

    return Starlette(
        routes=[
            Route("/metrics", exposition(parts)),
            Route("/admin/clients", clients),
            Route("/admin/clients/{address}", drop, methods=["DELETE"]),
            Route("/admin/reconcile", reconcile, methods=["POST"]),
        ],
        exception_handlers={HTTPException: http_problem, Exception: server_problem},
    )


def exposition(parts: Parts) -> Callable[[Request], Awaitable[Response]]:
    """The figures of this process, or of all that share a folder, for Prometheus."""

    async def expose(_request: Request) -> Response:
        parts.metrics.observe(parts.hub)
        return Response(parts.metrics.render(), media_type=METRICS_TYPE)

    return expose
