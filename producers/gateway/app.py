"""The application: one path that takes events, and one that says the gateway is alive."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from typing import TYPE_CHECKING

import msgspec
from prometheus_client import generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

import faust_redis
from faust_redis.errors import BackPressureError, TransportError
from producers.documents import MEDIA_TYPES, Form, documents
from producers.gateway.intake import Stored, judge, store
from producers.gateway.metrics import GatewayMetrics
from producers.gateway.problems import Refusal, http_problem, refused, server_problem
from schemas.competitions import load_competitions
from schemas.errors import FeedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from producers.gateway.intake import Accepted, Wrong
    from producers.gateway.settings import Settings
    from schemas.competitions import Competition

_JSON = "application/json"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_MOST_TOLD = 100


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def create_app(
    settings: Settings,
    competitions: dict[str, Competition] | None = None,
    clock: Callable[[], dt.datetime] = _now,
) -> Starlette:
    """The gateway into one namespace; connects when the first event comes, not before."""
    publisher = faust_redis.AsyncPublisher(
        settings.redis_url,
        settings.namespace,
        app=settings.app,
        max_lag=settings.max_lag,
        partitions=settings.partitions,
        retry_s=settings.redis_timeout_s,
    )
    table = load_competitions() if competitions is None else competitions
    gateway = Gateway(settings, publisher, table, clock)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await publisher.aclose()

    return Starlette(
        routes=[
            Route("/v1/events", gateway.take, methods=["POST"]),
            Route("/healthz", gateway.alive),
            Route("/metrics", gateway.expose),
        ],
        exception_handlers={
            Refusal: refused,
            HTTPException: http_problem,
            Exception: server_problem,
        },
        lifespan=lifespan,
    )


class Gateway:
    """Takes events from whoever has the token."""

    def __init__(
        self,
        settings: Settings,
        publisher: faust_redis.AsyncPublisher,
        competitions: dict[str, Competition],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._settings = settings
        self._publisher = publisher
        self._competitions = competitions
        self._clock = clock
        self._metrics = GatewayMetrics()

    async def take(self, request: Request) -> Response:
        """Store the events of a request; all of them or, where one is wrong, none.

        With ``Prefer: handling=lenient`` those that are right are stored whatever the others are.
        """
        if not self._settings.admits(request.headers.get("authorization", "")):
            raise Refusal(
                401,
                "send the header Authorization: Bearer TOKEN with the token of this gateway",
                headers={"WWW-Authenticate": 'Bearer realm="events"'},
            )
        form = _form(request)
        body = await self._body(request)
        try:
            good, bad = judge(documents(body, form), self._competitions, self._clock)
        except FeedError as error:
            raise Refusal(400, str(error)) from error
        if not (good or bad):
            raise Refusal(400, "the body holds no event")
        lenient = "handling=lenient" in request.headers.get("prefer", "").replace(" ", "").lower()
        self._metrics.events.labels("refused").inc(len(bad))
        if bad and not (lenient and good):
            raise _wrong(good, bad)
        stored = await self._store(good, bad)
        answer = {"stored": len(stored), "refused": len(bad), "events": stored}
        if bad:
            answer["errors"] = bad[:_MOST_TOLD]
        return Response(msgspec.json.encode(answer), 200, _HEADERS, _JSON)

    async def _body(self, request: Request) -> bytes:
        most = self._settings.body_bytes
        too_large = Refusal(413, f"bodies of at most {most} bytes are read; send several")
        declared = request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > most:
            raise too_large
        chunks, length = [], 0
        try:
            async with asyncio.timeout(self._settings.body_timeout_s):
                async for chunk in request.stream():
                    length += len(chunk)
                    if length > most:
                        raise too_large
                    chunks.append(chunk)
        except TimeoutError:
            seconds = self._settings.body_timeout_s
            raise Refusal(408, f"the body did not come within {seconds:g} s") from None
        return b"".join(chunks)

    async def _store(self, good: list[Accepted], bad: list[Wrong]) -> list[Stored]:
        stored: list[Stored] = []
        try:
            await store(good, self._publisher, stored)
        except TransportError as error:
            held = isinstance(error, BackPressureError)
            self._metrics.events.labels("held").inc(len(good) - len(stored))
            why = str(error) if held else "Redis does not take events now"
            raise Refusal(
                429 if held else 503,
                f"{why}; {len(stored)} of {len(good)} events are stored. Send all of them again "
                "later: what is stored keeps its position",
                headers={"Retry-After": str(self._settings.retry_after_s)},
                stored=len(stored),
                events=sorted(stored, key=_place),
                errors=bad[:_MOST_TOLD],
            ) from error
        finally:
            self._metrics.events.labels("stored").inc(len(stored))
        return sorted(stored, key=_place)

    async def alive(self, _request: Request) -> Response:
        """Say that the gateway runs."""
        return Response(b'{"alive":true}', 200, _HEADERS, _JSON)

    async def expose(self, _request: Request) -> Response:
        """Tell the gateway's own figures."""
        return Response(generate_latest(self._metrics.registry), 200, _HEADERS, _METRICS)


def _place(stored: Stored) -> int:
    return stored.event


def _form(request: Request) -> Form:
    said = request.headers.get("content-type", "")
    form = MEDIA_TYPES.get(said.partition(";")[0].strip().lower())
    if form is None or request.headers.get("content-encoding", "identity") != "identity":
        raise Refusal(
            415,
            f"events come as one of {', '.join(MEDIA_TYPES)}, not compressed",
            headers={"Accept-Post": ", ".join(MEDIA_TYPES)},
        )
    return form


def _wrong(good: list[Accepted], bad: list[Wrong]) -> Refusal:
    total = len(good) + len(bad)
    return Refusal(
        422,
        f"{len(bad)} of {total} events cannot be used, so nothing was stored; repair them, or "
        "send Prefer: handling=lenient to store the others",
        stored=0,
        refused=len(bad),
        errors=bad[:_MOST_TOLD],
    )
