"""``record``: every forecast of the changes streams into Postgres, exactly once."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

import faust_redis
from agents import metrics
from agents.sink import BATCH_RECORDS, REST_S, Row, Sink
from schemas.keys import CHANGES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import faust

APP = "record"

COLUMNS = (
    ("run", "text"),
    ("match_id", "text"),
    ("epoch", "int4"),
    ("revision", "int4"),
    ("model", "text"),
    ("as_of", "timestamptz"),
    ("cause_type", "text"),
    ("home", "float8"),
    ("draw", "float8"),
    ("away", "float8"),
    ("quality", "text"),
    ("partition", "int4"),
    ("position", "text"),
    ("body", "bytea"),
)


class _Cause(Struct, gc=False):
    type: str


class _Recorded(Struct, gc=False):
    """The fields of a forecast that have columns of their own."""

    match_id: str
    epoch: int
    revision: int
    model: str
    as_of: dt.datetime
    cause: _Cause
    home: float
    draw: float
    away: float
    quality: str


_decoder = msgspec.json.Decoder(_Recorded)


def row(run: str, partition: int, record: faust_redis.Record) -> Row:
    """Lay out one forecast in the order of :data:`COLUMNS`."""
    found = _decoder.decode(record.value)
    return (
        run,
        found.match_id,
        found.epoch,
        found.revision,
        found.model,
        found.as_of,
        found.cause.type,
        found.home,
        found.draw,
        found.away,
        found.quality,
        partition,
        record.position,
        record.value,
    )


def build(app: faust.App, *, database_url: str, run: str) -> None:
    """Give *app* the agent that records what it reads from the changes streams."""
    sink = Sink(
        database_url,
        run=run,
        app=APP,
        table="forecasts",
        columns=COLUMNS,
        key=("run", "match_id", "epoch", "revision", "model"),
    )
    changes = faust_redis.batch_topic(
        app, CHANGES, max_records=BATCH_RECORDS, start_from=sink.start_from, rest_s=REST_S
    )

    @app.agent(changes, name=APP)
    async def record(batches: AsyncIterator[faust_redis.Batch]) -> None:
        async for batch in batches:
            partition = batch.partition
            await sink.write(partition, batch.records, lambda entry: row(run, partition, entry))  # noqa: B023 - called before the next turn
            metrics.EVENTS.labels(APP).inc(len(batch.records))
