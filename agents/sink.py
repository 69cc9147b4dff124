"""A batch of rows into Postgres, and how far it got, in one transaction: exactly once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import stamina
import structlog
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from faust_redis import Record

log = structlog.get_logger()

Row = tuple[Any, ...]

BATCH_RECORDS = 2048
REST_S = 1.0
"""A transaction costs as much as some hundred rows: rows gather so long.

No forecast waits for them; a match's incidents are told that much later.
"""

_POSITION = """
    SELECT position FROM sink_offsets
    WHERE run = %s AND app = %s AND partition = %s FOR UPDATE
"""
_ADVANCE = """
    INSERT INTO sink_offsets (run, app, partition, position) VALUES (%s, %s, %s, %s)
    ON CONFLICT (run, app, partition) DO UPDATE SET position = excluded.position
"""


def position_key(position: str) -> tuple[int, int]:
    """Order stream positions: ``"5-10"`` comes after ``"5-9"``."""
    milliseconds, _, sequence = position.partition("-")
    return int(milliseconds), int(sequence)


class Sink:
    """Writes the rows of one app's batches; waits while Postgres is away and goes on after.

    The authoritative position is the row in ``sink_offsets``: a batch that Redis hands out again
    after a crash is recognised there, so no row is lost or written twice.
    """

    def __init__(
        self,
        database_url: str,
        *,
        run: str,
        app: str,
        table: str,
        columns: Sequence[tuple[str, str]],
        key: Sequence[str],
    ) -> None:
        self._dsn = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._run = run
        self._app = app
        self._types = [kind for _, kind in columns]
        self._lock = asyncio.Lock()
        self._connection: psycopg.AsyncConnection[Any] | None = None
        names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
        target, staged = sql.Identifier(table), sql.Identifier(f"staged_{table}")
        self._stage = sql.SQL(
            "CREATE TEMP TABLE IF NOT EXISTS {staged} (LIKE {target}) ON COMMIT DELETE ROWS"
        ).format(staged=staged, target=target)
        copy = sql.SQL("COPY {into} ({names}) FROM STDIN (FORMAT BINARY)")
        self._copy = copy.format(into=target, names=names)
        self._copy_staged = copy.format(into=staged, names=names)
        self._merge = sql.SQL(
            "INSERT INTO {target} ({names}) SELECT {names} FROM {staged}"
            " ON CONFLICT ({key}) DO NOTHING"
        ).format(
            target=target,
            names=names,
            staged=staged,
            key=sql.SQL(", ").join(sql.Identifier(name) for name in key),
        )

    async def start_from(self, partition: int) -> str | None:
        """Return the last position of *partition* that Postgres holds; the start if none."""
        async for attempt in self._patiently():
            with attempt:
                async with self._lock, (await self._connected()).transaction():
                    return await self._position(partition) or "0-0"
        return None

    async def write(
        self, partition: int, records: Sequence[Record], rows: Callable[[Record], Row]
    ) -> int:
        """Write what *rows* makes of those *records* that are new; return how many were."""
        written = 0
        async for attempt in self._patiently():
            with attempt:
                try:
                    written = await self._write_once(partition, records, rows, self._append)
                except psycopg.errors.UniqueViolation:
                    # Some are there already, though no offset says so; merging takes twice as long.
                    written = await self._write_once(partition, records, rows, self._merge_in)
        return written

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _write_once(
        self,
        partition: int,
        records: Sequence[Record],
        rows: Callable[[Record], Row],
        put: Callable[[psycopg.AsyncCursor[Any], Iterable[Row]], Awaitable[None]],
    ) -> int:
        async with self._lock, (await self._connected()).transaction():
            held = await self._position(partition)
            done = position_key(held) if held else (-1, -1)
            fresh = [record for record in records if position_key(record.position) > done]
            if not fresh:
                return 0
            async with (await self._connected()).cursor() as cursor:
                await put(cursor, map(rows, fresh))
                end = fresh[-1].position
                await cursor.execute(_ADVANCE, (self._run, self._app, partition, end))
            return len(fresh)

    async def _append(self, cursor: psycopg.AsyncCursor[Any], rows: Iterable[Row]) -> None:
        await self._copy_rows(cursor, self._copy, rows)

    async def _merge_in(self, cursor: psycopg.AsyncCursor[Any], rows: Iterable[Row]) -> None:
        await cursor.execute(self._stage)
        await self._copy_rows(cursor, self._copy_staged, rows)
        await cursor.execute(self._merge)

    async def _copy_rows(
        self, cursor: psycopg.AsyncCursor[Any], statement: sql.Composed, rows: Iterable[Row]
    ) -> None:
        async with cursor.copy(statement) as copy:
            copy.set_types(self._types)
            for row in rows:
                await copy.write_row(row)

    async def _position(self, partition: int) -> str:
        connection = await self._connected()
        found = await connection.execute(_POSITION, (self._run, self._app, partition))
        row = await found.fetchone()
        return row[0] if row else ""

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._dsn, connect_timeout=5, application_name=f"sabiscore-{self._app}"
            )
        return self._connection

    def _patiently(self) -> Any:  # noqa: ANN401 - stamina keeps the iterator's type to itself
        """Retry for ever: the stream keeps everything meanwhile."""
        return stamina.retry_context(
            on=self._is_away, attempts=None, timeout=None, wait_initial=0.1, wait_max=5.0
        )

    def _is_away(self, error: Exception) -> bool:
        away = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        if away:
            log.warning("Postgres is away; waiting for it", app=self._app, error=str(error).strip())
        return away
