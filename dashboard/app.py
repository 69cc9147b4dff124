"""The application: routes, and what lives as long as it does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Route

from dashboard.access import Access
from dashboard.admin import exposition
from dashboard.answers import JSON
from dashboard.front import Front
from dashboard.limits import Buckets
from dashboard.openapi import text
from dashboard.page_routes import page_routes
from dashboard.parts import Parts
from dashboard.problems import http_problem, query_problem, server_problem
from dashboard.query import QueryError
from schemas.competitions import load_competitions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from dashboard.hub import Hub
    from dashboard.settings import Settings
    from schemas.competitions import Competition


_PAGE_FILES_PER_S = 50.0


def create_app(settings: Settings, competitions: dict[str, Competition] | None = None) -> Front:
    """The reads over one namespace; connects when it starts, not before."""
    table = load_competitions() if competitions is None else competitions
    return assemble(Parts(settings, table), settings)


def assemble(parts: Parts, settings: Settings, *, has_admin: bool = False) -> Front:
    """Routes over *parts*; figures for Prometheus are here unless there is a port for admins."""
    routes = [
        *_read_routes(parts),
        Route("/v1/openapi.json", _described()),
        *_health_routes(parts.hub),
        *page_routes(),
    ]
    if not has_admin:
        routes.append(Route("/metrics", exposition(parts)))
    app = Starlette(
        routes=routes,
        middleware=[Middleware(GZipMiddleware, minimum_size=1_400, compresslevel=4)],
        exception_handlers={
            HTTPException: http_problem,
            QueryError: query_problem,
            Exception: server_problem,
        },
        lifespan=parts.lifespan,
    )
    app.state.hub = parts.hub
    return Front(
        app,
        parts.hub,
        parts.metrics,
        access=Access(settings.read_tokens),
        buckets=Buckets(settings.reads_per_s, time.monotonic),
        page_buckets=Buckets(_page_files_per_s(settings.reads_per_s), time.monotonic),
        origins=frozenset(settings.cors_origins),
    )


def _page_files_per_s(reads_per_s: float) -> float:
    """Enough for the page, which is of some forty files, whatever it may read; 0 for any."""
    return max(reads_per_s, _PAGE_FILES_PER_S) if reads_per_s else 0.0


def _read_routes(parts: Parts) -> list[Route]:
    reads, history, catalogue = parts.reads, parts.history, parts.catalogue
    return [
        Route("/v1/predictions/{match_id}", reads.one),
        Route("/v1/predictions", reads.many),
        Route("/v1/overview", reads.overview),
        Route("/v1/matches/{match_id}/timeline", history.timeline),
        Route("/v1/matches/{match_id}/incidents", history.incidents),
        Route("/v1/competitions", catalogue.competitions),
        Route("/v1/teams", catalogue.teams),
        Route("/v1/models", catalogue.models),
        Route("/v1/models/{label}", catalogue.model),
        Route("/v1/status", parts.status.status),
        Route("/v1/stream", parts.stream.follow),
    ]


def _described() -> Callable[[Request], Awaitable[Response]]:
    body = text().encode()

    async def openapi(_request: Request) -> Response:
        return Response(body, headers={"Cache-Control": "max-age=300"}, media_type=JSON)

    return openapi


def _health_routes(hub: Hub) -> list[Route]:
    async def healthz(_request: Request) -> Response:
        return Response(b'{"alive":true}', media_type=JSON, headers={"Cache-Control": "no-store"})

    async def readyz(_request: Request) -> Response:
        body = {
            "ready": hub.filled,
            "freshness": hub.freshness.value,
            "age_s": int(hub.age_s),
            "matches": len(hub.mirror),
        }
        status = 200 if hub.filled else 503
        return Response(msgspec.json.encode(body), status, {"Cache-Control": "no-store"}, JSON)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]
