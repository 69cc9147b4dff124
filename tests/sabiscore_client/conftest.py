"""Both readers over the same Valkey: the contract is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sabiscore_client import connect
from tests.dashboard.serving import serving
from tests.dashboard.valkey import Valkey, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sabiscore_client.reader import Reader


@pytest.fixture(scope="session")
def one_valkey() -> Iterator[Valkey]:
    with started() as server:
        yield server


@pytest.fixture
def valkey(one_valkey: Valkey) -> Valkey:
    if one_valkey.process is None:
        one_valkey.start()
    one_valkey.call("FLUSHALL")
    one_valkey.call("SET", "sabi:partitions", "2")
    return one_valkey


@pytest.fixture(params=["over HTTP", "from Redis"])
def reader(request: pytest.FixtureRequest, valkey: Valkey) -> Iterator[Reader]:
    if request.param == "from Redis":
        with connect(valkey.url) as direct:
            yield direct
        return
    with (
        serving(valkey.url, partitions=2, read_tokens=("secret",)) as address,
        connect(address, token="secret") as web,
    ):
        yield web
