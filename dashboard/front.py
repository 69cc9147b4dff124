"""Before every route: bounds, tokens, rates; and the shortest way to the answer of one match."""

from __future__ import annotations

import itertools
import re
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import Response

from dashboard.access import CHALLENGE, Access
from dashboard.answers import is_held
from dashboard.hub import Freshness
from dashboard.problems import problem

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Message, Receive, Scope, Send

    from dashboard.hub import Hub
    from dashboard.limits import Buckets
    from dashboard.metrics import ReadMetrics
    from dashboard.mirror import Entry

MAX_TARGET_BYTES = 4_096
MAX_HEADER_BYTES = 16_384
ONE_MATCH = "/v1/predictions/"
ALWAYS_OPEN = {"/healthz", "/readyz"}
"""A probe that watches over the process has no token, and is never too early."""
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")

RawHeaders = list[tuple[bytes, bytes]]

SECURITY: RawHeaders = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
DATA_POLICY: RawHeaders = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
]
PAGE_POLICY: RawHeaders = [
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            b"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
            b"frame-ancestors 'none'"
        ),
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]
FOLLOWING: RawHeaders = [(b"age", b"0"), (b"sabi-freshness", b"following")]
_SHOWN = b"ETag, Age, Sabi-Freshness, Sabi-Position, X-Request-Id, Retry-After"


class Held(NamedTuple):
    """An answer that is there: what all answers with this body say, also as bytes, and the rest."""

    status: int
    lasting: RawHeaders
    head: bytes
    passing: RawHeaders
    body: bytes


class Front:
    """Wraps the application; what *hub* holds of one match is answered here."""

    def __init__(
        self,
        app: Starlette,
        hub: Hub,
        metrics: ReadMetrics,
        *,
        access: Access,
        buckets: Buckets,
        origins: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self.state = app.state
        self.router = app.router
        self._hub = hub
        self._metrics = metrics
        self._access = access
        self._buckets = buckets
        self._origins = origins
        self._ids = itertools.count(1)
        self._run = secrets.token_hex(4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held = self.instant(scope)
        if held is not None:
            headers = [*held.lasting, *held.passing]
            start = {"type": "http.response.start", "status": held.status, "headers": headers}
            await send(start)
            await send({"type": "http.response.body", "body": held.body})
            return
        asked = dict(scope["headers"])
        always = self._passing(asked)
        scope["sabi.request_id"] = always[0][1].decode()
        answer = self._refusal(scope, asked) or self._app
        await answer(scope, receive, _guarded(send, always))

    def instant(self, scope: Scope) -> Held | None:
        """The answer to a read of one match that we hold and that may be read; else none."""
        path = scope["path"]
        if scope["method"] != "GET" or not path.startswith(ONE_MATCH):
            return None
        entry = self._hub.mirror.get(path[len(ONE_MATCH) :])
        asked = dict(scope["headers"])
        if entry is None or self._refusal(scope, asked) is not None:
            return None
        self._metrics.hits += 1
        if entry.headers is None:
            entry.headers = _headers_of(entry)
            entry.sent_headers = joined(entry.headers)
        hub = self._hub
        fresh = FOLLOWING if hub.freshness is Freshness.FOLLOWING else _freshness(hub)
        passing = [*fresh, *self._passing(asked)]
        tags = asked.get(b"if-none-match")
        if tags is not None and is_held(tags.decode("latin-1"), entry.etag):
            lasting = entry.headers[2:]  # neither length nor type of a body that is not there
            return Held(304, lasting, joined(lasting), passing, b"")
        return Held(200, entry.headers, entry.sent_headers, passing, entry.raw)

    def _passing(self, asked: dict[bytes, bytes]) -> RawHeaders:
        """What this one answer says: the id of its request first."""
        headers = [(b"x-request-id", self._id(asked.get(b"x-request-id")))]
        if self._origins and b"origin" in asked:
            headers += self._cross_origin(asked[b"origin"].decode("latin-1"))
        return headers

    def _refusal(self, scope: Scope, asked: dict[bytes, bytes]) -> Response | None:
        if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET_BYTES:
            return problem(414, f"paths of at most {MAX_TARGET_BYTES} bytes are read")
        if sum(map(len, map(b"".join, scope["headers"]))) > MAX_HEADER_BYTES:
            return problem(431, f"headers of at most {MAX_HEADER_BYTES} bytes are read")
        if scope["path"] in ALWAYS_OPEN:
            return None
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in asked:
            return _preflight() if self._origins else None
        return self._stranger(scope, asked)

    def _stranger(self, scope: Scope, asked: dict[bytes, bytes]) -> Response | None:
        """Turn away who may not read, or asks too often."""
        if not self._access.allows(asked.get(b"authorization")):
            detail = "a read token is needed: send Authorization: Bearer and the token"
            return problem(401, detail, headers={"WWW-Authenticate": CHALLENGE})
        wait_s = self._buckets.wait_s((scope["client"] or ("",))[0])
        if wait_s:
            detail = "too many requests from this address; ask more seldom, or follow /v1/stream"
            return problem(429, detail, headers={"Retry-After": str(int(wait_s) + 1)})
        return None

    def _id(self, given: bytes | None) -> bytes:
        """The client's own id of the request where it is a sane one, else one of ours."""
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given
        return f"{self._run}-{next(self._ids):x}".encode()

    def _cross_origin(self, origin: str) -> RawHeaders:
        """Let pages of other origins read, where the settings name them or all (``*``)."""
        headers = [(b"vary", b"Origin")]
        if origin in self._origins or "*" in self._origins:
            allowed = b"*" if "*" in self._origins else origin.encode("latin-1")
            headers.append((b"access-control-allow-origin", allowed))
            headers.append((b"access-control-expose-headers", _SHOWN))
        return headers


def joined(headers: RawHeaders) -> bytes:
    """Headers as they are sent."""
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])


def _headers_of(entry: Entry) -> RawHeaders:
    """What every answer with this body says; length and type first."""
    return [
        (b"content-length", str(len(entry.raw)).encode()),
        (b"content-type", b"application/json"),
        (b"etag", entry.etag.encode()),
        (b"cache-control", b"no-cache"),
        *SECURITY,
        *DATA_POLICY,
    ]


def _freshness(hub: Hub) -> RawHeaders:
    return [
        (b"age", str(int(hub.age_s)).encode()),
        (b"sabi-freshness", hub.freshness.value.encode()),
    ]


def _preflight() -> Response:
    headers = {
        "Access-Control-Allow-Methods": "GET, HEAD",
        "Access-Control-Allow-Headers": "Authorization, If-None-Match, Last-Event-ID, X-Request-Id",
        "Access-Control-Max-Age": "600",
    }
    return Response(status_code=204, headers=headers)


def _guarded(send: Send, always: RawHeaders) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = _completed(message.get("headers", []), always)
        await send(message)

    return guarded


def _completed(headers: Any, always: RawHeaders) -> RawHeaders:  # noqa: ANN401 - ASGI's iterable
    said = list(headers)
    named = {name.lower(): value for name, value in said}
    is_page = named.get(b"content-type", b"").startswith(b"text/html")
    policy = PAGE_POLICY if is_page else DATA_POLICY
    added = [*SECURITY, *policy, *always]
    # Vary may be there for another reason too: then both count.
    return said + [(n, v) for n, v in added if n not in named or n == b"vary"]
