"""Forecasts as the agent ``record`` writes them."""

from __future__ import annotations

import psycopg
from psycopg import sql

from agents.record import COLUMNS, row
from faust_redis import Record


def record(postgres_url: str, run: str, *bodies: bytes, stored_ms: int = 1) -> None:
    """Write forecasts whose changes were stored at *stored_ms* since 1970."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in COLUMNS)
    places = sql.SQL(", ").join([sql.Placeholder()] * len(COLUMNS))
    insert = sql.SQL("INSERT INTO forecasts ({}) VALUES ({})").format(names, places)
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        for number, body in enumerate(bodies):
            values = row(run, 0, Record(f"{stored_ms}-{number}", body))
            connection.execute(insert, values)
