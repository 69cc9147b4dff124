"""``/v1/matches/{id}/timeline``: what Postgres recorded, and what was followed since."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from dashboard.answers import JSON, freshness_headers, is_held, unknown_match
from dashboard.problems import problem
from dashboard.query import is_slug
from dashboard.recorded import AwayError
from dashboard.timeline import merged, points_of, timeline

if TYPE_CHECKING:
    from starlette.requests import Request

    from dashboard.hub import Hub
    from dashboard.recorded import Recorded
    from dashboard.timeline import Point

MOST_MATCHES = 500
"""Of so many matches the recorded points are remembered, so that Postgres is asked for new ones."""


class History:
    """The handler of one server; without *recorded* it knows what it followed itself."""

    def __init__(self, hub: Hub, recorded: Recorded | None) -> None:
        self._hub = hub
        self._recorded = recorded
        self._known: OrderedDict[str, tuple[bytes, list[Point]]] = OrderedDict()

    async def timeline(self, request: Request) -> Response:
        """``GET /v1/matches/{match_id}/timeline``: every published revision, oldest first."""
        match_id = request.path_params["match_id"]
        if not is_slug(match_id):
            return unknown_match(match_id)
        away = False
        try:
            await self._ask(match_id)
        except AwayError:
            away = True
        # Only now: what is newest may have changed while Postgres was asked.
        entry = self._hub.mirror.get(match_id)
        newest, recorded = self._known.get(match_id, (b"", []))
        followed = self._hub.followed.of(match_id)
        if entry is not None:
            newest = entry.raw
        if not newest:
            return _cannot_say(match_id) if away else unknown_match(match_id)
        told = timeline(newest, merged(recorded, points_of([*followed, newest])))
        return self._answer(request, told.points[-1], len(told.points), msgspec.json.encode(told))

    def _answer(self, request: Request, last: Point, count: int, body: bytes) -> Response:
        etag = f'W/"{last.epoch}-{last.revision}-{count}"'
        headers = {"ETag": etag} | freshness_headers(self._hub)
        if is_held(request.headers.get("if-none-match"), etag):
            return Response(status_code=304, headers=headers)
        return Response(body, 200, headers, JSON)

    async def _ask(self, match_id: str) -> None:
        """Have what Postgres holds of a match, unless we know that it can hold nothing newer."""
        if self._recorded is None:
            return
        _, points = self._known.get(match_id, (b"", []))
        reached = points[-1].version if points else (0, 0)
        entry = self._hub.mirror.get(match_id)
        if entry is not None and entry.head.version == reached:
            self._known.move_to_end(match_id)
            return
        bodies = await self._recorded.since(match_id, reached)
        if bodies:
            self._known[match_id] = (bodies[-1], merged(points, points_of(bodies)))
            self._known.move_to_end(match_id)
            if len(self._known) > MOST_MATCHES:
                self._known.popitem(last=False)


def _cannot_say(match_id: str) -> Response:
    detail = "this match is not held here, and Postgres does not answer; ask again shortly"
    return problem(503, detail, match_id=match_id, headers={"Retry-After": "2"})
