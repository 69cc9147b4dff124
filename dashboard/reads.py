"""``/v1/predictions`` and ``/v1/overview``: bytes that are already there, never computed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from redis.exceptions import RedisError
from starlette.responses import Response

from dashboard.answers import JSON, freshness_headers, is_held, unknown_match
from dashboard.overview import overview
from dashboard.paging import page, parse_cursor
from dashboard.problems import problem
from dashboard.query import is_slug, parse_limit, parse_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import QueryParams
    from starlette.requests import Request

    from dashboard.hub import Hub
    from dashboard.metrics import ReadMetrics
    from dashboard.mirror import Entry
    from dashboard.snapshots import Snapshots
    from dashboard.source import Source
    from schemas.competitions import Competition

DIRECT = "direct"
MOST_LISTS, MOST_LIST_BYTES = 64, 512_000
_MOST_ASKING = 32
"""Requests that ask Redis at once, of a pool that the following shares: it must never wait."""
"""Of lists that are kept: 32 MB at most."""


class Lists:
    """Lists as they were answered, good until anything changes: many ask for the same ones."""

    def __init__(self) -> None:
        self._position = ""
        self._bodies: dict[str, bytes] = {}

    def of(self, asked: str, position: str) -> bytes | None:
        """The body that was given to this query, if nothing has changed since."""
        return self._bodies.get(asked) if position == self._position else None

    def keep(self, asked: str, position: str, body: bytes) -> None:
        """Remember a body, within bounds."""
        if position != self._position or len(self._bodies) >= MOST_LISTS:
            self._position, self._bodies = position, {}
        if len(body) <= MOST_LIST_BYTES:
            self._bodies[asked] = body


class Reads:
    """The handlers of one server."""

    def __init__(
        self,
        hub: Hub,
        source: Source,
        metrics: ReadMetrics,
        competitions: Mapping[str, Competition],
        snapshots: Snapshots,
    ) -> None:
        self._hub = hub
        self._source = source
        self._metrics = metrics
        self._competitions = competitions
        self._snapshots = snapshots
        self._lists = Lists()
        self._asking = asyncio.Semaphore(_MOST_ASKING)

    async def one(self, request: Request) -> Response:
        """``GET /v1/predictions/{match_id}``: exactly the bytes of the match's key.

        What is held was answered by :class:`~dashboard.front.Front`, but for ``HEAD``.
        """
        match_id = request.path_params["match_id"]
        entry = self._hub.mirror.get(match_id)
        if entry is not None:
            self._metrics.hits += 1
            return self._answer(request, entry, self._hub.freshness.value, self._hub.age_s)
        if not is_slug(match_id):
            return self._unknown(match_id)
        try:
            async with self._asking:
                return await self._direct(request, match_id)
        except (RedisError, OSError):
            detail = "this match is not held here, and Redis does not answer; ask again shortly"
            return problem(503, detail, headers={"Retry-After": "2"})

    async def many(self, request: Request) -> Response:
        """``GET /v1/predictions?competition=&date=&status=&team=&limit=&cursor=``.

        The bodies are joined as they are.
        """
        asked, position = request.url.query, self._hub.position
        headers = self._list_headers(position)
        body = self._lists.of(asked, position)
        if body is None:
            body = self._page(request.query_params)
            self._lists.keep(asked, position, body)
        if is_held(request.headers.get("if-none-match"), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(body, 200, headers, JSON)

    def _page(self, params: QueryParams) -> bytes:
        query, limit, after = parse_query(params), parse_limit(params), parse_cursor(params)
        found = query.select(self._hub.mirror)
        shown, following = page(found, after, limit)
        bodies = b",".join([entry.raw for entry in shown])
        counts = b'"count":%d,"total":%d' % (len(shown), len(found))
        cursor = b'"next_cursor":' + msgspec.json.encode(following)
        return b'{"predictions":[' + bodies + b"]," + counts + b"," + cursor + b"}"

    async def overview(self, request: Request) -> Response:
        """``GET /v1/overview``: the days and competitions that there are."""
        made = self._snapshots.of("overview", self._overview)
        headers = self._list_headers(made.position)
        if is_held(request.headers.get("if-none-match"), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(made.body, 200, headers, JSON)

    def _overview(self) -> bytes:
        hub = self._hub
        return msgspec.json.encode(
            overview(hub.mirror, self._competitions, hub.position, hub.stored)
        )

    async def _direct(self, request: Request, match_id: str) -> Response:
        """Ask Redis itself: the match may have been committed a millisecond ago."""
        raw = await self._source.get(match_id)
        if raw is None:
            if not await self._source.is_known(match_id):
                return self._unknown(match_id)
            # It may have been committed between the two questions.
            raw = await self._source.get(match_id)
        if raw is not None:
            try:
                self._hub.take(raw)
            except msgspec.DecodeError:
                self._metrics.unreadable.inc()
        entry = self._hub.mirror.get(match_id)
        if entry is None:
            self._metrics.missed()
            detail = "this match is known but has no forecast: a fault of ours; ask again shortly"
            return problem(503, detail, match_id=match_id, headers={"Retry-After": "1"})
        self._metrics.hits += 1
        return self._answer(request, entry, DIRECT, 0.0)

    def _unknown(self, match_id: str) -> Response:
        self._metrics.reads.labels("unknown").inc()
        return unknown_match(match_id)

    def _answer(self, request: Request, entry: Entry, freshness: str, age_s: float) -> Response:
        headers = {
            "ETag": entry.etag,
            "Age": str(int(age_s)),
            "Sabi-Freshness": freshness,
            "Cache-Control": "no-cache",
        }
        if is_held(request.headers.get("if-none-match"), entry.etag):
            return Response(status_code=304, headers=headers)
        return Response(entry.raw, 200, headers, JSON)

    def _list_headers(self, position: str) -> dict[str, str]:
        return {
            "ETag": f'W/"{position}"',
            "Sabi-Position": position,
            **freshness_headers(self._hub),
        }
