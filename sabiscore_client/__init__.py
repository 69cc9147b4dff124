"""Reads forecasts from Python: over HTTP, or from Redis itself; both in the same way.

Knows the schemas and nothing else of SabiScore.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sabiscore_client.direct import DirectReader
from sabiscore_client.frames import table
from sabiscore_client.selection import Selection
from sabiscore_client.web import WebReader
from schemas.errors import SettingsError
from schemas.keys import LIVE

if TYPE_CHECKING:
    from sabiscore_client.reader import Reader

__all__ = ["DirectReader", "Selection", "WebReader", "connect", "table"]

_WEB, _REDIS = ("http", "https"), ("redis", "rediss", "unix")


def connect(address: str, *, token: str | None = None, namespace: str = LIVE) -> Reader:
    """A reader of the server at *address*: ``http://…`` of the reads, or ``redis://…``.

    *token* opens reads that ask for one; *namespace* names what is not live, in Redis alone.

    Raises:
        SettingsError: When the address is of neither kind.
    """
    scheme = urlsplit(address).scheme
    if scheme in _WEB:
        return WebReader(address, token=token)
    if scheme in _REDIS:
        return DirectReader(address, namespace=namespace)
    msg = "this is no address of SabiScore: write http://host:8000 or redis://host:6379/0"
    raise SettingsError(msg)
