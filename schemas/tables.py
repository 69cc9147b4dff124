"""SQL tables: forecasts and events of every run, and how far each app has written them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()

forecasts = Table(
    "forecasts",
    metadata,
    Column("run", Text, primary_key=True, comment="live, or the name of a replay"),
    Column("match_id", Text, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("as_of", DateTime(timezone=True), nullable=False),
    Column("cause_type", Text, nullable=False),
    Column("home", Double, nullable=False),
    Column("draw", Double, nullable=False),
    Column("away", Double, nullable=False),
    Column("quality", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("position", Text, nullable=False, comment="entry id in the changes stream"),
    Column("body", LargeBinary, nullable=False, comment="the JSON bytes as cached"),
)

events = Table(
    "events",
    metadata,
    Column("run", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("position_ms", BigInteger, primary_key=True),
    Column("position_seq", BigInteger, primary_key=True),
    Column("source", Text),
    Column("id", Text),
    Column("type", Text),
    Column("subject", Text),
    Column("time", DateTime(timezone=True)),
    Column("body", LargeBinary, nullable=False, comment="the bytes as received, readable or not"),
)
Index("events_by_subject", events.c.run, events.c.subject)

sink_offsets = Table(
    "sink_offsets",
    metadata,
    Column("run", Text, primary_key=True),
    Column("app", Text, primary_key=True, comment="record or archive"),
    Column("partition", Integer, primary_key=True),
    Column("position", Text, nullable=False, comment="last stream entry id written"),
    comment="written in one transaction with the rows, so that none is lost or doubled",
)
