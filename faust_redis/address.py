"""Where a server is and how to log in, read from one URL."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from faust_redis.errors import AddressError

_DEFAULT_PORT = 6379


@dataclass(frozen=True, slots=True)
class Address:
    """A server over TCP, TLS or a unix socket; the password shows in no repr."""

    host: str = ""
    port: int = _DEFAULT_PORT
    path: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    db: int = 0
    tls: bool = False
    ca: str = ""
    """A file with the certificates that are trusted; the system's when there is none."""

    def tls_context(self) -> ssl.SSLContext | None:
        """What a connection is wrapped in; None over plain TCP.

        Raises:
            OSError: When the file of certificates cannot be read.
        """
        return ssl.create_default_context(cafile=self.ca or None) if self.tls else None

    def __str__(self) -> str:
        """The address without its password, for people and for Faust's labels."""
        if self.path:
            return f"unix://{self.path}?db={self.db}"
        return f"redis{'s' if self.tls else ''}://{self.host}:{self.port}/{self.db}"


def parse(url: str) -> Address:
    """Read ``redis://user:pw@host:port/db``, ``rediss://…`` or ``unix:///path?db=0&password=…``.

    ``?ssl_ca_certs=FILE`` names the certificates that ``rediss`` trusts, as redis-py calls it.

    Raises:
        AddressError: When the scheme is none of these or a number is none.
    """
    parts = _split(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    username = unquote(parts.username or "") or query.get("username", "")
    password = unquote(parts.password or "") or query.get("password", "")
    if parts.scheme == "unix":
        path = unquote(parts.path)
        if not path:
            message = "a unix:// address of Redis needs a path, such as unix:///run/redis.sock?db=0"
            raise AddressError(message)
        db = _database(query.get("db", "0"))
        return Address(path=path, username=username, password=password, db=db)
    if parts.scheme not in {"redis", "rediss"}:
        message = (
            f"the scheme of an address of Redis is redis://, rediss:// or unix://, "
            f"not {parts.scheme!r}"
        )
        raise AddressError(message)
    return Address(
        host=parts.hostname or "127.0.0.1",
        port=_port(parts),
        username=username,
        password=password,
        db=_database(parts.path.strip("/") or query.get("db", "0")),
        tls=parts.scheme == "rediss",
        ca=query.get("ssl_ca_certs", ""),
    )


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        message = f"an address of Redis cannot be read: {error}"
        raise AddressError(message) from error


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or _DEFAULT_PORT
    except ValueError as error:
        message = f"the port in an address of Redis is no number from 1 to 65535: {error}"
        raise AddressError(message) from error


def _database(words: str) -> int:
    if not words.isdecimal():
        message = f"the database in an address of Redis is a number, not {words!r}"
        raise AddressError(message)
    return int(words)
