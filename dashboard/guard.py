"""What holds for every answer: bounded requests, security headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from dashboard.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_TARGET_BYTES = 4_096
MAX_HEADER_BYTES = 16_384

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Wraps an application: refuses what is too long, and adds the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        target_bytes = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
        header_bytes = sum(len(name) + len(value) for name, value in scope["headers"])
        if target_bytes > MAX_TARGET_BYTES:
            refusal = problem(414, f"paths of at most {MAX_TARGET_BYTES} bytes are read")
            await refusal(scope, receive, guarded)
        elif header_bytes > MAX_HEADER_BYTES:
            refusal = problem(431, f"headers of at most {MAX_HEADER_BYTES} bytes are read")
            await refusal(scope, receive, guarded)
        else:
            await self._app(scope, receive, guarded)
