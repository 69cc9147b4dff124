"""What the gateway needs to know, and the bounds it keeps."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from schemas import keys
from schemas.errors import SettingsError

SHORTEST_TOKEN = 16


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One gateway into one namespace; every bound has its unit in its name."""

    redis_url: str = field(repr=False)
    token: str = field(repr=False)
    """Whoever sends one of these words may publish; two while you change from one to the other."""
    namespace: str = keys.LIVE
    partitions: int = 8
    app: str = "forecast"
    """Events are held back while this agent is more than *max_lag* records behind."""
    max_lag: int = 20_000
    body_bytes: int = 4 << 20
    body_timeout_s: float = 30.0
    redis_timeout_s: float = 3.0
    retry_after_s: int = 1
    requests_at_once: int = 64

    def __post_init__(self) -> None:
        """Refuse tokens that could be guessed.

        Raises:
            SettingsError: When there is none, or one that is too short.
        """
        words = self.token.split()
        if not words or min(map(len, words)) < SHORTEST_TOKEN:
            raise SettingsError(
                f"the gateway needs a token of {SHORTEST_TOKEN} characters or more: set "
                "SABISCORE_GATEWAY_TOKEN, for example to the output of `openssl rand -hex 24`"
            )

    def admits(self, authorization: str) -> bool:
        """Whether an ``Authorization`` header names one of our tokens."""
        scheme, _, said = authorization.partition(" ")
        found = [
            hmac.compare_digest(said.strip().encode(), token.encode())
            for token in self.token.split()
        ]
        return scheme.lower() == "bearer" and any(found)
