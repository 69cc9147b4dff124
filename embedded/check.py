"""Servers that somebody else runs: whether they answer, and whether they are fit for us."""

from __future__ import annotations

import re
import time

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from embedded.redis import OLDEST
from schemas.errors import ServerError, SettingsError

_PAUSE_S = 0.2
_ASKING_S = 5
_SECRET = re.compile(r"(?<=:)[^:/@]+(?=@)|(?<=password=)[^&]+")
# Nobody is told apart by a code before the session begins, so the words must do.
_FINAL = ("password authentication failed", "does not exist", "no pg_hba.conf entry")


def without_password(url: str) -> str:
    """Return *url* fit for a message or a log."""
    return _SECRET.sub("***", url)


def database_url(url: str) -> URL:
    """Read a Postgres address as people write it; the driver is psycopg whatever it says.

    Raises:
        SettingsError: When it is no address of a Postgres.
    """
    try:
        read = make_url(url)
    except ArgumentError as error:
        message = (
            f"--database: {without_password(url)!r} is no address. "
            "Write postgresql://USER:PASSWORD@HOST:PORT/NAME."
        )
        raise SettingsError(message) from error
    if read.drivername.partition("+")[0] not in {"postgres", "postgresql"}:
        message = f"--database: {without_password(url)!r} is no Postgres; nothing else will do."
        raise SettingsError(message)
    return read.set(drivername="postgresql+psycopg")


def wait_for_redis(url: str, timeout_s: float = 30.0) -> None:
    """Return when the Redis at *url* answers and is new enough.

    Raises:
        ServerError: When it refuses us, is too old, or does not answer in time.
        SettingsError: When *url* is no address of a Redis.
    """
    deadline, shown = time.monotonic() + timeout_s, without_password(url)
    with _client(url) as client:
        while True:
            try:
                _require_new_enough(client, shown)
            except (redis.AuthenticationError, redis.ResponseError) as error:
                message = f"The Redis at {shown} refuses us: {_reason(error)}. Check --redis."
                raise ServerError(message) from error
            except (redis.ConnectionError, redis.TimeoutError) as error:
                if time.monotonic() > deadline:
                    raise ServerError(
                        _silent("Redis", shown, timeout_s, _reason(error), "--redis")
                    ) from error
                time.sleep(_PAUSE_S)
            else:
                return


def redis_warnings(url: str) -> list[str]:
    """Return a sentence for each setting of a Redis under which it may lose what we store."""
    with _client(url) as client:
        try:
            found = client.config_get("maxmemory-policy", "appendonly")
        except redis.ResponseError:  # a hosted Redis may forbid CONFIG
            return ["This Redis does not say whether it keeps what we store (CONFIG is forbidden)."]
    warnings = []
    if found.get("maxmemory-policy") != "noeviction":
        warnings.append(
            f"Redis may throw away our state (maxmemory-policy {found.get('maxmemory-policy')}): "
            "set maxmemory-policy noeviction."
        )
    if found.get("appendonly") != "yes":
        warnings.append("Redis forgets recent events when it ends: set appendonly yes.")
    return warnings


def wait_for_postgres(url: str, timeout_s: float = 30.0) -> str:
    """Return the address for SQLAlchemy as soon as the Postgres at *url* answers.

    Raises:
        ServerError: When it refuses us, or does not answer in time.
        SettingsError: When *url* is no address of a Postgres.
    """
    address = database_url(url)
    deadline, shown = time.monotonic() + timeout_s, without_password(url)
    conninfo = address.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            psycopg.connect(conninfo, connect_timeout=_ASKING_S).close()
        except psycopg.OperationalError as error:
            reason = _reason(error)
            if any(words in reason for words in _FINAL):
                message = f"The Postgres at {shown} refuses us: {reason}. Check --database."
                raise ServerError(message) from error
            if time.monotonic() > deadline:
                message = _silent("Postgres", shown, timeout_s, reason, "--database")
                raise ServerError(message) from error
            time.sleep(_PAUSE_S)
        else:
            return address.render_as_string(hide_password=False)


def _client(url: str) -> redis.Redis:
    try:
        return redis.Redis.from_url(
            url,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=_ASKING_S,
            socket_timeout=_ASKING_S,
        )
    except ValueError as error:
        message = f"--redis: {without_password(url)!r} is no address: {error}"
        raise SettingsError(message) from error


def _require_new_enough(client: redis.Redis, shown: str) -> None:
    version = str(client.info("server")["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        message = (
            f"The Redis at {shown} is version {version}; we need {OLDEST[0]}.{OLDEST[1]} or newer."
        )
        raise ServerError(message)


def _silent(name: str, shown: str, timeout_s: float, reason: str, flag: str) -> str:
    return (
        f"The {name} at {shown} did not answer within {timeout_s:.0f} s ({reason}). "
        f"Start it, or check {flag}."
    )


def _reason(error: Exception) -> str:
    first = str(error).strip().partition("\n")[0]
    return first.removeprefix("connection failed: ").rstrip(".")
