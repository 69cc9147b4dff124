"""What an app over Redis is set to: from :class:`faust_redis.App`, or from the broker's URL."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from faust_redis.address import Address, parse
from faust_redis.errors import AddressError, UnsupportedError
from faust_redis.keys import Keyspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types import AppT

SHORTEST_LEASE_S = 0.2
_OURS = frozenset({"namespace", "lease_s", "max_records", "keep_s", "keep_records"})
_OF_THE_ADDRESS = frozenset({"db", "username", "password", "ssl_ca_certs"})


@dataclass(frozen=True, slots=True)
class Options:
    """Where the server is, and how this app uses it."""

    address: Address
    keyspace: Keyspace
    partitions: int
    lease_s: float = 5.0
    max_records: int = 256
    keep_s: float = math.inf
    keep_records: int = 0
    keep_for: tuple[str, ...] = ()
    asked_store: str = ""

    def __post_init__(self) -> None:
        if not math.isfinite(self.lease_s) or math.isnan(self.keep_s):
            message = f"lease_s={self.lease_s} and keep_s={self.keep_s} must be numbers of seconds"
            raise UnsupportedError(message)
        if self.partitions < 1 or self.lease_s < SHORTEST_LEASE_S or self.max_records < 1:
            message = (
                f"partitions and max_records must be 1 or more, "
                f"and lease_s {SHORTEST_LEASE_S} or more"
            )
            raise UnsupportedError(message)


def from_url(url: str, app: AppT) -> Options:
    """Read ``redis://…?namespace=faust&lease_s=5&max_records=256&keep_s=3600&keep_records=0``.

    Raises:
        UnsupportedError: When the address or one of its settings makes no sense.
    """
    try:
        address = parse(url)
    except AddressError as error:
        message = f"the broker's URL cannot be read: {error}"
        raise UnsupportedError(message) from error
    query = {name: words[-1] for name, words in parse_qs(urlsplit(url).query).items()}
    if unknown := sorted(query.keys() - _OURS - _OF_THE_ADDRESS):
        message = (
            f"the broker's URL has no setting {', '.join(map(repr, unknown))}; "
            f"there are {', '.join(sorted(_OURS | _OF_THE_ADDRESS))}"
        )
        raise UnsupportedError(message)
    return Options(
        address=address,
        keyspace=Keyspace(query.get("namespace", "faust")),
        partitions=app.conf.topic_partitions,
        lease_s=_number(query, "lease_s", 5.0),
        max_records=_whole(query, "max_records", 256),
        keep_s=_number(query, "keep_s", math.inf),
        keep_records=_whole(query, "keep_records", 0),
        asked_store=_asked_store(app),
    )


def _number(query: Mapping[str, str], name: str, default: float) -> float:
    try:
        return float(query.get(name, default))
    except ValueError as error:
        message = f"{name}={query[name]} in the broker's URL is no number"
        raise UnsupportedError(message) from error


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    number = _number(query, name, default)
    if not number.is_integer():
        message = f"{name}={query[name]} in the broker's URL is no whole number"
        raise UnsupportedError(message)
    return int(number)


def _asked_store(app: AppT) -> str:
    # Faust's own default is memory://, which nobody asked for: state is in Redis then.
    _, options = app._default_options  # noqa: SLF001 - the settings as the program gave them
    return str(options.get("store") or "")
