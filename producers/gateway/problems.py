"""Errors as a feed sees them: RFC 9457 ``application/problem+json``, and no inner detail."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

MEDIA_TYPE = "application/problem+json"


class Refusal(Exception):  # noqa: N818 - not an error of ours
    """A request that gets a problem for an answer."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}
        self.members = members

    def answer(self) -> Response:
        """The problem as a response."""
        body = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(msgspec.json.encode(body), self.status, headers, MEDIA_TYPE)


async def refused(_request: Request, error: Exception) -> Response:
    """A request that we refuse."""
    if not isinstance(error, Refusal):
        raise error
    return error.answer()


async def http_problem(_request: Request, error: Exception) -> Response:
    """An unknown path, or a method that is not served there."""
    if not isinstance(error, HTTPException):
        raise error
    details = {
        404: "nothing is served here; events are sent by POST to /v1/events",
        405: "events are sent by POST",
    }
    detail = details.get(error.status_code, error.detail)
    return Refusal(error.status_code, detail, headers=error.headers).answer()


async def server_problem(_request: Request, _error: Exception) -> Response:
    """A fault of ours: what it was stands in the log, never in the answer."""
    return Refusal(500, "a fault of the gateway; its log says more").answer()
