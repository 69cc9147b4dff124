"""What the reads need to know: where Redis is, which namespace, and the bounds they keep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - a dataclass reads annotations at run time
from urllib.parse import urlsplit

from schemas import keys

SCHEMES = ("redis", "rediss", "unix")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One server of reads over one namespace; every bound has its unit in its name."""

    redis_url: str
    namespace: str = keys.LIVE
    partitions: int = 1
    database_url: str | None = None
    """Where the history of each match is; without it a timeline begins when we began."""
    models: Path | None = None
    """The folder of model versions; without it none are told of."""
    heartbeat_s: float = 5.0
    """A stream client hears this often that we are there, and how fresh the mirror is."""
    flush_s: float = 0.1
    """A stream client gets at most one bundle of changes in this time; the newest wins."""
    send_timeout_s: float = 20.0
    """A stream client that takes nothing for so long is dropped."""
    stream_clients: int = 10_000
    stream_clients_per_address: int = 100
    reads_per_s: float = 0.0
    """An address may ask this often, twice as much for a moment; 0 does not count."""
    read_tokens: tuple[str, ...] = ()
    """Whoever shows one of them may read; without any everybody may."""
    cors_origins: tuple[str, ...] = ()
    """Pages of these origins may read; ``*`` says all."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose ``X-Forwarded-For`` is believed."""
    pause_s: float = 0.005
    """The mirror rests this long between two reads: its price in freshness, our gain in CPU."""
    reconcile_s: float = 60.0
    """This often the mirror looks for keys that Redis no longer holds."""
    redis_timeout_s: float = 5.0
    look_s: float = 1.0
    """The status is this old at most."""
    recall_s: float = 1.0
    """This often it is seen whether another match began, whose past is then asked of Postgres."""
    models_s: float = 10.0
    """This often the folder of models is looked at."""

    @property
    def run(self) -> str:
        """The name under which this namespace's rows stand in Postgres."""
        return "live" if self.namespace == keys.LIVE else self.namespace


def without_password(redis_url: str) -> str:
    """The address as a person may see it: no user, no password, no query."""
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
