from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import embedded.postgres
from schemas import migrate, tables

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with embedded.postgres.start() as server:
        yield server.url


@pytest.fixture
def empty_url(server_url: str, namespace: str) -> str:
    engine = sa.create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{namespace}"'))
    return sa.make_url(server_url).set(database=namespace).render_as_string(hide_password=False)


def differences(url: str) -> list[object]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        found: list[object] = compare_metadata(context, tables.metadata)
        return found


def table_names(url: str) -> set[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    return set(sa.inspect(engine).get_table_names())


def test_the_migrations_make_the_tables_that_the_code_declares(empty_url: str) -> None:
    before = differences(empty_url)

    migrate.upgrade(empty_url)

    assert before
    assert differences(empty_url) == []


def test_a_second_upgrade_changes_nothing(empty_url: str) -> None:
    migrate.upgrade(empty_url)

    migrate.upgrade(empty_url)

    assert differences(empty_url) == []


def test_every_migration_can_be_taken_back_and_applied_again(empty_url: str) -> None:
    migrate.upgrade(empty_url)

    migrate.downgrade(empty_url, "base")
    left = table_names(empty_url)
    migrate.upgrade(empty_url)

    assert left == {"alembic_version"}
    assert differences(empty_url) == []


def test_many_may_upgrade_at_once(empty_url: str) -> None:
    failures: list[Exception] = []

    def start() -> None:
        try:
            migrate.upgrade(empty_url)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test tells
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert differences(empty_url) == []


def test_a_migration_that_fails_half_way_leaves_nothing(empty_url: str) -> None:
    engine = sa.create_engine(empty_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE sink_offsets (in_the_way integer)"))

    with pytest.raises(sa.exc.ProgrammingError, match="already exists"):
        migrate.upgrade(empty_url)

    assert table_names(empty_url) == {"sink_offsets"}
