"""Real servers for every test that asks for one: started once a session, shared by namespaces."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import embedded.postgres
import embedded.redis
from schemas import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Address of a Redis of this session's own; keep to your ``namespace`` in it."""
    with embedded.redis.start() as server:
        yield server.url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """SQLAlchemy address of a migrated Postgres; keep to rows whose run is your ``namespace``."""
    with embedded.postgres.start() as server:
        migrate.upgrade(server.url)
        yield server.url


@pytest.fixture
def namespace() -> str:
    """A namespace, and a name of a run, that no other test has."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of football-data.co.uk's files beside the project; skips where there is none."""
    folder = _ROOT.parent / "shared" / "football" / "football-data.co.uk"
    if not folder.is_dir():
        pytest.skip(f"needs the football-data.co.uk files in {folder}")
    return folder


@pytest.fixture
def shared_path() -> Iterator[Path]:
    """A folder that every user can enter: pytest's own is closed to all but its owner."""
    with tempfile.TemporaryDirectory(prefix="sabi-test-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path
