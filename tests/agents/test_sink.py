"""Rows and offset reach Postgres in one transaction, and survive it being away."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

import psycopg
import pytest

import embedded.postgres
from agents import archive, record
from agents.sink import Sink, position_key
from faust_redis import Record
from schemas import migrate

if TYPE_CHECKING:
    from pathlib import Path

EVENT = (
    b'{"type":"match.started","id":"7","source":"feed","subject":"a-b",'
    b'"time":"2024-08-16T19:00:00Z"}'
)


def archive_sink(url: str, run: str) -> Sink:
    return Sink(
        url,
        run=run,
        app="archive",
        table="events",
        columns=archive.COLUMNS,
        key=("run", "partition", "position_ms", "position_seq"),
    )


def rows_of(url: str, run: str) -> list[tuple[object, ...]]:
    dsn = url.replace("+psycopg", "")
    query = "SELECT position_seq, type, body FROM events WHERE run = %s ORDER BY position_seq"
    with psycopg.connect(dsn) as connection:
        return connection.execute(query, (run,)).fetchall()


def test_positions_are_ordered_by_number_not_by_letter() -> None:
    assert position_key("5-10") > position_key("5-9")
    assert position_key("10-0") > position_key("9-99")


async def test_a_batch_handed_out_twice_is_written_once(postgres_url: str, namespace: str) -> None:
    sink = archive_sink(postgres_url, namespace)
    batch = [Record("1-1", EVENT), Record("1-2", EVENT)]

    written = [
        await sink.write(0, batch, lambda entry: archive.row(namespace, 0, entry)),
        await sink.write(0, batch, lambda entry: archive.row(namespace, 0, entry)),
    ]

    assert written == [2, 0]
    assert [row[0] for row in rows_of(postgres_url, namespace)] == [1, 2]
    await sink.close()


async def test_a_batch_that_overlaps_what_is_written_adds_only_what_is_new(
    postgres_url: str, namespace: str
) -> None:
    sink = archive_sink(postgres_url, namespace)

    def row(entry: Record) -> tuple[object, ...]:
        return archive.row(namespace, 0, entry)

    await sink.write(0, [Record("1-1", EVENT)], row)
    await sink.write(0, [Record("1-1", EVENT), Record("1-2", EVENT)], row)

    assert [found[0] for found in rows_of(postgres_url, namespace)] == [1, 2]
    assert await sink.start_from(0) == "1-2"
    await sink.close()


async def test_rows_that_are_there_though_no_offset_says_so_are_not_doubled(
    postgres_url: str, namespace: str
) -> None:
    sink = archive_sink(postgres_url, namespace)

    def row(entry: Record) -> tuple[object, ...]:
        return archive.row(namespace, 0, entry)

    await sink.write(0, [Record("1-1", EVENT)], row)
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        connection.execute("DELETE FROM sink_offsets WHERE run = %s", (namespace,))
    await sink.write(0, [Record("1-1", EVENT), Record("1-2", EVENT)], row)

    assert [found[0] for found in rows_of(postgres_url, namespace)] == [1, 2]
    assert await sink.start_from(0) == "1-2"
    await sink.close()


async def test_rows_and_offset_go_together_or_not_at_all(postgres_url: str, namespace: str) -> None:
    sink = archive_sink(postgres_url, namespace)

    def row(entry: Record) -> tuple[object, ...]:
        if entry.position == "1-2":
            raise ValueError(entry.position)
        return archive.row(namespace, 0, entry)

    with pytest.raises(ValueError, match="1-2"):
        await sink.write(0, [Record("1-1", EVENT), Record("1-2", EVENT)], row)

    assert rows_of(postgres_url, namespace) == []
    assert await sink.start_from(0) == "0-0"
    await sink.close()


@pytest.mark.parametrize(
    "raw",
    [b"{", b"\xff\x00", b'{"type":"a\\u0000b"}', b"[]", b"", b'{"time":"2024-08-16T19:00:00"}'],
)
async def test_what_cannot_be_read_is_archived_by_its_bytes(
    postgres_url: str, namespace: str, raw: bytes
) -> None:
    sink = archive_sink(postgres_url, namespace)

    await sink.write(0, [Record("1-1", raw)], lambda entry: archive.row(namespace, 0, entry))

    assert rows_of(postgres_url, namespace)[0][2] == raw
    await sink.close()


async def test_a_sink_waits_while_postgres_is_away_and_then_catches_up(shared_path: Path) -> None:
    first = embedded.postgres.start(shared_path / "postgres")
    migrate.upgrade(first.url)
    sink = archive_sink(first.url, "away")
    await sink.write(0, [Record("1-1", EVENT)], lambda entry: archive.row("away", 0, entry))
    first.kill()

    writing = asyncio.create_task(
        sink.write(0, [Record("1-2", EVENT)], lambda entry: archive.row("away", 0, entry))
    )
    await asyncio.sleep(0.3)
    assert not writing.done()
    with embedded.postgres.start(
        shared_path / "postgres", port=first.port, password=first.password
    ) as second:
        assert await writing == 1
        assert [row[0] for row in rows_of(second.url, "away")] == [1, 2]
        await sink.close()


def test_a_forecast_is_laid_out_by_column() -> None:
    body = (
        b'{"match_id":"m","epoch":1,"revision":3,"as_of":"2024-08-16T19:00:00Z","cause":{"event_id":'
        b'"e","type":"odds.changed","words":"w"},"home":0.5,"draw":0.3,"away":0.2,"model":"d@1",'
        b'"quality":"fresh","extra":1}'
    )

    laid_out = record.row("live", 2, Record("5-1", body))

    assert dict(zip([name for name, _ in record.COLUMNS], laid_out, strict=True)) == {
        "run": "live",
        "match_id": "m",
        "epoch": 1,
        "revision": 3,
        "model": "d@1",
        "as_of": dt.datetime(2024, 8, 16, 19, tzinfo=dt.UTC),
        "cause_type": "odds.changed",
        "home": 0.5,
        "draw": 0.3,
        "away": 0.2,
        "quality": "fresh",
        "partition": 2,
        "position": "5-1",
        "body": body,
    }
