"""A folder that every user can enter: pytest's own is closed to all but its owner."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def shared_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sabi-test-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path
