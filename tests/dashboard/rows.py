"""Forecasts as the agent ``record`` writes them."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from agents.archive import COLUMNS as ARCHIVED
from agents.archive import row as archived
from agents.record import COLUMNS, row
from faust_redis import Record


def connect(postgres_url: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a connection; leaving its block commits."""
    return psycopg.connect(postgres_url.replace("+psycopg", ""))


def forget(postgres_url: str, run: str) -> None:
    """Take away every forecast of a run."""
    with connect(postgres_url) as connection:
        connection.execute("DELETE FROM forecasts WHERE run = %s", (run,))


def asked_for_a_match(postgres_url: str) -> bool:
    """Whether a server of reads has had its answer to a question for one match."""
    question = """
        SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sabiscore-serve'
        AND state = 'idle' AND query LIKE '%(epoch, revision) >%'
    """
    with connect(postgres_url) as connection:
        ((count,),) = connection.execute(question).fetchall()
    return bool(count)


def record(postgres_url: str, run: str, *bodies: bytes, stored_ms: int = 1) -> None:
    """Write forecasts whose changes were stored at *stored_ms* since 1970."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in COLUMNS)
    places = sql.SQL(", ").join([sql.Placeholder()] * len(COLUMNS))
    insert = sql.SQL("INSERT INTO forecasts ({}) VALUES ({})").format(names, places)
    with connect(postgres_url) as connection:
        for number, body in enumerate(bodies):
            values = row(run, 0, Record(f"{stored_ms}-{number}", body))
            connection.execute(insert, values)


def archive(postgres_url: str, run: str, *bodies: bytes) -> None:
    """Write input events as the agent ``archive`` does."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in ARCHIVED)
    places = sql.SQL(", ").join([sql.Placeholder()] * len(ARCHIVED))
    insert = sql.SQL("INSERT INTO events ({}) VALUES ({})").format(names, places)
    with connect(postgres_url) as connection:
        for number, body in enumerate(bodies):
            connection.execute(insert, archived(run, 0, Record(f"1-{number}", body)))
