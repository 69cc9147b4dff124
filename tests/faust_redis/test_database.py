"""A database that the server does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faust_redis.address import parse
from faust_redis.connection import connect
from faust_redis.errors import ServerUnfitError
from tests.faust_redis.servers import Server

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_database_out_of_range_is_refused_at_once_by_its_setting(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    try:
        with pytest.raises(ServerUnfitError, match="database 99"):
            await connect(parse(server.url.replace("db=0", "db=99")), "test")
    finally:
        server.kill()
