"""``archive``: every input event into Postgres as it came, readable or not, exactly once."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

import faust_redis
from agents import metrics
from agents.sink import BATCH_RECORDS, REST_S, Row, Sink, position_key
from schemas.keys import EVENTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import faust

APP = "archive"

COLUMNS = (
    ("run", "text"),
    ("partition", "int4"),
    ("position_ms", "int8"),
    ("position_seq", "int8"),
    ("source", "text"),
    ("id", "text"),
    ("type", "text"),
    ("subject", "text"),
    ("time", "timestamptz"),
    ("body", "bytea"),
)


class _Head(Struct, gc=False):
    """The fields of an event that have columns of their own."""

    source: str | None = None
    id: str | None = None
    type: str | None = None
    subject: str | None = None
    time: dt.datetime | None = None


_decoder = msgspec.json.Decoder(_Head)


def _head(value: bytes) -> _Head:
    # Postgres has no NUL in text; what cannot be read at all is archived by its bytes alone.
    if b"\x00" in value or b"\\u0000" in value:
        return _Head()
    try:
        return _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Head()


def row(run: str, partition: int, record: faust_redis.Record) -> Row:
    """Lay out one event in the order of :data:`COLUMNS`."""
    head = _head(record.value)
    time = head.time if head.time is None or head.time.tzinfo else None
    return (
        run,
        partition,
        *position_key(record.position),
        head.source,
        head.id,
        head.type,
        head.subject,
        time,
        record.value,
    )


def build(app: faust.App, *, database_url: str, run: str) -> None:
    """Give *app* the agent that archives what it reads from the events streams."""
    sink = Sink(
        database_url,
        run=run,
        app=APP,
        table="events",
        columns=COLUMNS,
        key=("run", "partition", "position_ms", "position_seq"),
    )
    events = faust_redis.batch_topic(
        app, EVENTS, max_records=BATCH_RECORDS, start_from=sink.start_from, rest_s=REST_S
    )

    @app.agent(events, name=APP)
    async def archive(batches: AsyncIterator[faust_redis.Batch]) -> None:
        async for batch in batches:
            partition = batch.partition
            await sink.write(partition, batch.records, lambda entry: row(run, partition, entry))  # noqa: B023 - called before the next turn
            metrics.EVENTS.labels(APP).inc(len(batch.records))
