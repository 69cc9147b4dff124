"""What Postgres holds of forecasts: all revisions of a match, and the newest of every match."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import psycopg
import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import LiteralString

PATIENCE_S = 2.0
"""Nobody waits longer for Postgres than this, and for so long it is not asked after a failure."""

_SINCE = """
    SELECT body FROM forecasts
    WHERE run = %s AND match_id = %s AND (epoch, revision) > (%s, %s)
    ORDER BY epoch, revision, position
"""

_NEWEST = """
    SELECT DISTINCT ON (match_id) body, position FROM forecasts WHERE run = %s
    ORDER BY match_id, epoch DESC, revision DESC
"""
_INCIDENTS = """
    SELECT body FROM events
    WHERE run = %s AND subject = %s AND type = 'match.incident'
    ORDER BY position_ms, position_seq LIMIT 2000
"""
_ROWS = 500

_log = structlog.get_logger(__name__)


class AwayError(Exception):
    """Postgres does not answer, or lacks the table."""


class Recorded:
    """One connection, made when it is first needed; questions wait for one another."""

    def __init__(self, database_url: str, run: str) -> None:
        self._dsn = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._run = run
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._lock = asyncio.Lock()
        self._failed_s = -PATIENCE_S

    async def since(self, match_id: str, version: tuple[int, int]) -> list[bytes]:
        """The bodies of a match after (epoch, revision), in order.

        Raises:
            AwayError: When Postgres does not answer in time.
        """
        return await self._bodies(_SINCE, (self._run, match_id, *version))

    async def incidents(self, match_id: str) -> list[bytes]:
        """The events that told of incidents of a match, as they were received.

        Raises:
            AwayError: When Postgres does not answer in time.
        """
        return await self._bodies(_INCIDENTS, (self._run, match_id))

    async def _bodies(self, query: LiteralString, values: tuple[object, ...]) -> list[bytes]:
        if time.monotonic() - self._failed_s < PATIENCE_S:
            raise AwayError
        try:
            async with asyncio.timeout(PATIENCE_S), self._lock:
                connection = await self._connected()
                found = await connection.execute(query, values)
                return [bytes(row[0]) for row in await found.fetchall()]
        except (psycopg.Error, OSError, TimeoutError) as error:
            await self._failed(error)
            raise AwayError from error

    async def newest(self) -> AsyncIterator[tuple[bytes, int]]:
        """The newest body of every match, and when its change was stored, in ms since 1970.

        Raises:
            AwayError: When Postgres does not answer.
        """
        try:
            async with (
                await self._connect() as connection,
                connection.cursor("newest") as cursor,
            ):
                cursor.itersize = _ROWS
                await cursor.execute(_NEWEST, (self._run,))
                async for body, position in cursor:
                    yield bytes(body), int(position.partition("-")[0])
        except (psycopg.Error, OSError) as error:
            raise AwayError(str(error).strip()) from error

    async def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _failed(self, error: Exception) -> None:
        self._failed_s = time.monotonic()
        _log.warning("timeline.postgres_away", reason=str(error).strip() or type(error).__name__)
        await self.close()

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect()
            await self._connection.set_autocommit(True)
        return self._connection

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(
            self._dsn, connect_timeout=int(PATIENCE_S), application_name="sabiscore-serve"
        )
