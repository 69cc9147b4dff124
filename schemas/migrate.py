"""Brings a Postgres to the tables of this version, whatever it holds now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import Callable

_SCRIPTS = Path(__file__).with_name("migrations")
_LOCK = 0x5AB1_5C0E
"""An advisory lock of Postgres: who starts second waits, and then finds nothing to do."""


def upgrade(url: str, revision: str = "head") -> None:
    """Apply the migrations up to *revision*, all or none; safe when several start at once.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: When Postgres refuses.
    """
    _run(url, command.upgrade, revision)


def downgrade(url: str, revision: str) -> None:
    """Take the migrations after *revision* back (``base`` for all), and their data with them.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: When Postgres refuses.
    """
    _run(url, command.downgrade, revision)


def _run(url: str, verb: Callable[[Config, str], None], revision: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        # Released with the transaction, so also when we are killed in the middle.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
        verb(config, revision)
