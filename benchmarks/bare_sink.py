"""The yardstick for ``record`` and ``archive``: a loop from a stream into Postgres, without Faust.

Same rows, same COPY, rows and offset in one transaction; a turn of the loop writes what
all partitions have. ``python -m benchmarks.bare_sink record``; settings come from the environment.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import psycopg
import redis

from agents import archive, record
from agents.sink import BATCH_RECORDS, REST_S
from benchmarks.follow import Follower
from commands.settings import given, settings_from
from faust_redis import Record
from schemas.keys import CHANGES, EVENTS, cursor, stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.sink import Row

_SINKS: dict[str, tuple[str, str, Any]] = {
    record.APP: (CHANGES, "forecasts", record),
    archive.APP: (EVENTS, "events", archive),
}


def main(app: str) -> None:
    """Write for ever."""
    topic, table, agent = _SINKS[app]
    settings = settings_from()
    client = redis.Redis.from_url(given(settings.redis, "redis"))
    dsn = given(settings.database, "database").replace("+psycopg", "", 1)
    database = psycopg.connect(dsn)
    names = [stream(settings.namespace, part, topic) for part in range(settings.partitions)]
    follower = Follower(client, names, count=BATCH_RECORDS)
    while True:
        rows: list[Row] = []
        ends: dict[int, bytes] = {}
        for partition, entries in follower.read():
            ends[partition] = entries[-1][0]
            rows += [
                agent.row(settings.run, partition, Record(entry.decode(), fields[b"e"]))
                for entry, fields in entries
            ]
        if not rows:
            continue
        _write(database, table, agent.COLUMNS, rows)
        _advance(database, settings.run, app, ends)
        database.commit()
        for partition, end in ends.items():
            client.hset(cursor(settings.namespace, partition, app), "position", end)
        if len(rows) < BATCH_RECORDS:
            time.sleep(REST_S)


def _write(
    database: psycopg.Connection[Any],
    table: str,
    columns: Sequence[tuple[str, str]],
    rows: Sequence[Row],
) -> None:
    names = ", ".join(name for name, _ in columns)
    statement = f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
    with database.cursor() as cursor_, cursor_.copy(statement) as copy:
        copy.set_types([kind for _, kind in columns])
        for row in rows:
            copy.write_row(row)


def _advance(database: psycopg.Connection[Any], run: str, app: str, ends: dict[int, bytes]) -> None:
    with database.cursor() as cursor_:
        cursor_.executemany(
            "INSERT INTO sink_offsets (run, app, partition, position) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (run, app, partition) DO UPDATE SET position = excluded.position",
            [(run, app, partition, end.decode()) for partition, end in ends.items()],
        )


if __name__ == "__main__":
    main(sys.argv[1])
