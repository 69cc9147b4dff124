"""Who may read: everybody, or whoever shows one of the tokens. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

CHALLENGES = ('Basic realm="SabiScore reads", charset="UTF-8"', "Bearer")
"""A browser asks a person for name and password: any name, and the token.

Each is a header line of its own: Chromium asks nobody where both stand in one.
"""


class Access:
    """The tokens that open the reads; none at all opens them to everybody."""

    def __init__(self, tokens: Iterable[str]) -> None:
        # Digests have one length, so that comparing them tells nothing of a token's.
        self._digests = [_digest(token.encode()) for token in tokens]

    def allows(self, authorization: bytes | None) -> bool:
        """Whether the value of the ``Authorization`` header opens the reads."""
        if not self._digests:
            return True
        shown = _digest(_secret(authorization or b""))
        # Every one is compared, so that the time taken tells nothing of which was right.
        return sum(hmac.compare_digest(shown, known) for known in self._digests) > 0


def _secret(authorization: bytes) -> bytes:
    """The token of ``Bearer <token>``, or the password of ``Basic <base64>``."""
    scheme, _, rest = authorization.partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip()
    if scheme.lower() != b"basic":
        return b""
    try:
        return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
