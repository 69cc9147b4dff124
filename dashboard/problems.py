"""Errors as a client sees them: RFC 9457 ``application/problem+json``, and no inner detail."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboard.query import QueryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: str
) -> Response:
    """One error: what was wrong, and what to do."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(body), status, kept, MEDIA_TYPE)


async def http_problem(request: Request, error: Exception) -> Response:
    """An unknown path, or a method that is not served there."""
    if not isinstance(error, HTTPException):
        raise error
    details = {
        404: f"nothing is served at {request.url.path[:200]}; the reads begin with /v1/predictions",
        405: "this method is not served here; Allow names those that are",
    }
    return problem(
        error.status_code, details.get(error.status_code, error.detail), headers=error.headers
    )


async def query_problem(_request: Request, error: Exception) -> Response:
    """A malformed field of the query string, named."""
    if not isinstance(error, QueryError):
        raise error
    return problem(422, f"the field {error.field} cannot be read: {error}", field=error.field)


async def server_problem(_request: Request, _error: Exception) -> Response:
    """A fault of ours: what it was stands in the log, never in the answer."""
    return problem(500, "a fault of the server; its log says more")
