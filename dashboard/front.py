"""Before every route: bounds, tokens, rates; and the shortest way to the answer of one match."""

from __future__ import annotations

import itertools
import re
import secrets
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from dashboard.access import CHALLENGES, Access
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
_ONE_MATCH = ONE_MATCH.encode()
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
_SENT_FOLLOWING = b"age: 0\r\nsabi-freshness: following\r\n"
_SHOWN = b"ETag, Age, Sabi-Freshness, Sabi-Position, X-Request-Id, Retry-After"

READS = "/v1/"
"""What is asked for below this counts as a read; the rest are the page and its files."""


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
        page_buckets: Buckets,
        origins: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self.state = app.state
        self.router = app.router
        self._hub = hub
        self._metrics = metrics
        self._access = access
        self._buckets = buckets
        self._page_buckets = page_buckets
        self._origins = origins
        self._ids = itertools.count(1)
        self._run = secrets.token_hex(4).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = dict(scope["headers"])
        always = self._passing(asked)
        refusal = self._refusal(scope, asked)
        entry = None if refusal else self._held(scope)
        if entry is not None:
            status, lasting, body = _answer(entry, asked)
            headers = [*lasting, *self._fresh(), *always]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        scope["sabi.request_id"] = always[0][1].decode()
        answer = refusal or self._app
        await answer(scope, receive, _guarded(send, always))

    def instant(
        self, url: bytes, asked: dict[bytes, bytes], client: tuple[str, int] | None
    ) -> tuple[int, bytes, bytes] | None:
        """Status, headers and body as they are sent, of a match that we hold and that may be read.

        None where the ordinary way has to find the answer. For a GET whose head is within bounds.
        """
        if not url.startswith(_ONE_MATCH):
            return None
        entry = self._hub.mirror.get(url[len(_ONE_MATCH) :].decode("latin-1"))
        if entry is None or self._stranger(client, asked, self._buckets) is not None:
            return None
        self._metrics.hits += 1
        if entry.sent_headers is None:
            entry.sent_headers = joined(_headers_of(entry))
        if self._hub.freshness is Freshness.FOLLOWING:
            fresh = _SENT_FOLLOWING
        else:
            fresh = joined(self._fresh())
        if b"x-request-id" in asked or b"origin" in asked:
            passing = joined(self._passing(asked))
        else:
            passing = b"x-request-id: %b-%x\r\n" % (self._run, next(self._ids))
        if b"if-none-match" in asked:
            status, lasting, body = _answer(entry, asked)
            return status, joined(lasting) + fresh + passing, body
        return 200, entry.sent_headers + fresh + passing, entry.raw

    def _held(self, scope: Scope) -> Entry | None:
        """The match that a GET asks for, if we hold it."""
        if scope["method"] != "GET" or not scope["path"].startswith(ONE_MATCH):
            return None
        entry = self._hub.mirror.get(scope["path"][len(ONE_MATCH) :])
        self._metrics.hits += entry is not None
        return entry

    def _fresh(self) -> RawHeaders:
        hub = self._hub
        return [
            (b"age", str(int(hub.age_s)).encode()),
            (b"sabi-freshness", hub.freshness.value.encode()),
        ]

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
        is_read = scope["path"].startswith(READS)
        buckets = self._buckets if is_read else self._page_buckets
        return self._stranger(scope["client"], asked, buckets)

    def _stranger(
        self, client: tuple[str, int] | None, asked: dict[bytes, bytes], buckets: Buckets
    ) -> Response | None:
        """Turn away who may not read, or asks too often."""
        if not self._access.allows(asked.get(b"authorization")):
            detail = "a read token is needed: send Authorization: Bearer and the token"
            refusal = problem(401, detail)
            for challenge in CHALLENGES:
                refusal.headers.append("WWW-Authenticate", challenge)
            return refusal
        wait_s = buckets.wait_s(client[0] if client else "")
        if wait_s:
            detail = "too many requests from this address; ask more seldom, or follow /v1/stream"
            return problem(429, detail, headers={"Retry-After": str(int(wait_s) + 1)})
        return None

    def _id(self, given: bytes | None) -> bytes:
        """The client's own id of the request where it is a sane one, else one of ours."""
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given
        return b"%b-%x" % (self._run, next(self._ids))

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


def _answer(entry: Entry, asked: dict[bytes, bytes]) -> tuple[int, RawHeaders, bytes]:
    """Status, headers and body; neither length nor type of a body that is not there."""
    headers = _headers_of(entry)
    tags = asked.get(b"if-none-match")
    if tags is not None and is_held(tags.decode("latin-1"), entry.etag):
        return 304, headers[2:], b""
    return 200, headers, entry.raw


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
