"""Run by Alembic: the connection comes from ``schemas.migrate``, or from SABISCORE_DATABASE."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from schemas.tables import metadata


def run(connection: Connection) -> None:
    """Apply the migrations on *connection*, all in one transaction."""
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    # The alembic command line, which writes new revisions: see CONTRIBUTING.md.
    engine = create_engine(os.environ["SABISCORE_DATABASE"], poolclass=NullPool)
    with engine.begin() as own:
        run(own)
