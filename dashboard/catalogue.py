"""``/v1/competitions``, ``/v1/teams``, ``/v1/models``: what there is, from memory."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from dashboard.answers import JSON, freshness_headers, is_held
from dashboard.directory import competitions, teams
from dashboard.problems import problem
from dashboard.query import parse_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from dashboard.hub import Hub
    from dashboard.published import Shelf
    from dashboard.snapshots import Snapshots
    from schemas.competitions import Competition


class Catalogue:
    """The handlers of one server."""

    def __init__(
        self, hub: Hub, table: Mapping[str, Competition], shelf: Shelf, snapshots: Snapshots
    ) -> None:
        self._hub = hub
        self._table = table
        self._shelf = shelf
        self._snapshots = snapshots

    async def competitions(self, request: Request) -> Response:
        """``GET /v1/competitions``: those that there are matches of."""

        def make() -> bytes:
            rows = competitions(self._hub.mirror, self._table)
            return msgspec.json.encode({"competitions": rows})

        return self._answer(request, self._snapshots.of("competitions", make).body)

    async def teams(self, request: Request) -> Response:
        """``GET /v1/teams?competition=``: those that there are matches of."""
        query = parse_query(request.query_params)

        def make() -> bytes:
            return msgspec.json.encode({"teams": teams(query.select(self._hub.mirror))})

        question = f"teams?{request.url.query}"
        return self._answer(request, self._snapshots.of(question, make).body)

    async def models(self, request: Request) -> Response:
        """``GET /v1/models``: every version, and how good it was on matches it had not seen."""
        return self._answer(request, self._shelf.published.index)

    async def model(self, request: Request) -> Response:
        """``GET /v1/models/{label}``: all that is published of one version."""
        label = request.path_params["label"]
        body = self._shelf.published.models.get(label)
        if body is None:
            detail = "there is no such version; labels look like default@1, and /v1/models has them"
            return problem(404, detail, label=label[:200])
        return self._answer(request, body)

    def _answer(self, request: Request, body: bytes) -> Response:
        etag = f'W/"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
        headers = {"ETag": etag} | freshness_headers(self._hub)
        if is_held(request.headers.get("if-none-match"), etag):
            return Response(status_code=304, headers=headers)
        return Response(body, 200, headers, JSON)
