"""``/v1/predictions`` and ``/v1/overview``: bytes that are already there, never computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from redis.exceptions import RedisError
from starlette.responses import Response

from dashboard.overview import overview
from dashboard.problems import problem
from dashboard.query import is_slug, parse_limit, parse_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from dashboard.hub import Hub
    from dashboard.metrics import ReadMetrics
    from dashboard.mirror import Entry
    from dashboard.source import Source
    from schemas.competitions import Competition

JSON = "application/json"
DIRECT = "direct"


class Reads:
    """The handlers of one server."""

    def __init__(
        self,
        hub: Hub,
        source: Source,
        metrics: ReadMetrics,
        competitions: Mapping[str, Competition],
    ) -> None:
        self._hub = hub
        self._source = source
        self._metrics = metrics
        self._competitions = competitions

    async def one(self, request: Request) -> Response:
        """``GET /v1/predictions/{match_id}``: exactly the bytes of the match's key."""
        match_id = request.path_params["match_id"]
        entry = self._hub.mirror.get(match_id)
        if entry is not None:
            self._metrics.reads.labels("hit").inc()
            return self._answer(request, entry, self._hub.freshness.value, self._hub.age_s)
        if not is_slug(match_id):
            return self._unknown(match_id)
        try:
            return await self._direct(request, match_id)
        except (RedisError, OSError):
            detail = "this match is not held here, and Redis does not answer; ask again shortly"
            return problem(503, detail, headers={"Retry-After": "2"})

    async def many(self, request: Request) -> Response:
        """``GET /v1/predictions?competition=&date=&status=&limit=``: bodies joined as they are."""
        query = parse_query(request.query_params)
        limit = parse_limit(request.query_params)
        headers = self._list_headers()
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        found = query.select(self._hub.mirror)
        bodies = b",".join([entry.raw for entry in found[:limit]])
        counts = b'"count":%d,"total":%d' % (min(limit, len(found)), len(found))
        return Response(b'{"predictions":[' + bodies + b"]," + counts + b"}", 200, headers, JSON)

    async def overview(self, request: Request) -> Response:
        """``GET /v1/overview``: the days and competitions that there are."""
        headers = self._list_headers()
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        body = overview(self._hub.mirror, self._competitions, self._hub.position)
        return Response(msgspec.json.encode(body), 200, headers, JSON)

    async def _direct(self, request: Request, match_id: str) -> Response:
        """Ask Redis itself: the match may have been committed a millisecond ago."""
        raw = await self._source.get(match_id)
        if raw is None:
            if not await self._source.is_known(match_id):
                return self._unknown(match_id)
            # It may have been committed between the two questions.
            raw = await self._source.get(match_id)
        if raw is not None:
            self._hub.take(raw)
        entry = self._hub.mirror.get(match_id)
        if entry is None:
            self._metrics.reads.labels("miss").inc()
            detail = "this match is known but has no forecast: a fault of ours; ask again shortly"
            return problem(503, detail, match_id=match_id, headers={"Retry-After": "1"})
        self._metrics.reads.labels("hit").inc()
        return self._answer(request, entry, DIRECT, 0.0)

    def _unknown(self, match_id: str) -> Response:
        self._metrics.reads.labels("unknown").inc()
        detail = (
            "no match of this id was announced, or its retention ended; ids look like "
            "e0-2024-25-arsenal-chelsea-1, and /v1/predictions lists those there are"
        )
        return problem(404, detail, match_id=match_id[:200])

    def _answer(self, request: Request, entry: Entry, freshness: str, age_s: float) -> Response:
        headers = {
            "ETag": entry.etag,
            "Age": str(int(age_s)),
            "Sabi-Freshness": freshness,
            "Cache-Control": "no-cache",
        }
        if _is_held(request.headers.get("if-none-match"), entry.etag):
            return Response(status_code=304, headers=headers)
        return Response(entry.raw, 200, headers, JSON)

    def _list_headers(self) -> dict[str, str]:
        return {
            "ETag": f'W/"{self._hub.position}"',
            "Age": str(int(self._hub.age_s)),
            "Sabi-Freshness": self._hub.freshness.value,
            "Sabi-Position": self._hub.position,
            "Cache-Control": "no-cache",
        }


def _is_held(if_none_match: str | None, etag: str) -> bool:
    """Whether the client holds this version: weak comparison, as RFC 9110 wants it here."""
    if if_none_match is None:
        return False
    held = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in held or etag in held
