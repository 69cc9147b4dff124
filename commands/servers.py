"""The servers that a command needs: yours where you name them, else real ones of our own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import embedded.check
import embedded.postgres
import embedded.redis
from schemas import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from commands.settings import Settings


@contextmanager
def servers(
    settings: Settings, *, keep: Path | None, database: bool, say: Callable[[str], None]
) -> Iterator[Settings]:
    """Yield settings whose Redis (and Postgres, where *database*) answer; stop ours at the end.

    *keep* is the folder where our own servers keep their data; none means a temporary one.

    Raises:
        ServerError: When a server does not start or does not answer.
    """
    with _redis(settings, keep, say) as redis_url:
        ready = settings.model_copy(update={"redis": redis_url})
        if not database:
            yield ready
            return
        with _postgres(settings, keep, say) as database_url:
            migrate.upgrade(database_url)
            yield ready.model_copy(update={"database": database_url})


@contextmanager
def _redis(settings: Settings, keep: Path | None, say: Callable[[str], None]) -> Iterator[str]:
    if settings.redis is not None:
        embedded.check.wait_for_redis(settings.redis)
        say("Redis: yours answers")
        for warning in embedded.check.redis_warnings(settings.redis):
            say(f"[yellow]{warning}[/]")
        yield settings.redis
        return
    with embedded.redis.start(keep / "redis" if keep else None) as server:
        say(f"Redis: our own {server.name} on port {server.port}")
        yield server.socket_url


@contextmanager
def _postgres(settings: Settings, keep: Path | None, say: Callable[[str], None]) -> Iterator[str]:
    if settings.database is not None:
        address = embedded.check.wait_for_postgres(settings.database)
        say("Postgres: yours answers")
        yield address
        return
    with embedded.postgres.start(keep / "postgres" if keep else None) as server:
        say(f"Postgres: our own {server.name} on port {server.port}")
        yield server.socket_url
