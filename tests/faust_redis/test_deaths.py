"""A worker that died is told from one that is slow by the connection that it has, or has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faust_redis.address import parse
from faust_redis.client import Client
from faust_redis.deaths import connection_name, is_gone

if TYPE_CHECKING:
    from tests.faust_redis.servers import Server

LONG_UP = -2.0
"""A lease for which any server has been up for long enough."""


async def test_a_worker_is_gone_when_its_connection_is(any_server: Server) -> None:
    address = parse(any_server.url)
    asking, worker = Client(address, "asking"), Client(address, connection_name("app", "one"))
    await worker.connected()

    connected = await is_gone(asking, connection_name("app", "one"), LONG_UP)
    other = await is_gone(asking, connection_name("app", "on"), LONG_UP)
    worker.close()
    closed = await is_gone(asking, connection_name("app", "one"), LONG_UP)
    asking.close()

    assert (connected, other, closed) == (False, True, True)


async def test_nobody_is_gone_while_the_server_has_just_started(server: Server) -> None:
    asking = Client(parse(server.url), "asking")

    gone = await is_gone(asking, connection_name("app", "one"), 3600.0)
    asking.close()

    assert not gone


async def test_who_may_not_list_connections_takes_everybody_for_gone(server: Server) -> None:
    with server.client() as valkey:
        valkey.execute_command(
            "ACL", "SETUSER", "limited", "on", ">pw", "~*", "+@all", "-client|list"
        )
    asking = Client(parse(f"unix://{server.socket}?username=limited&password=pw"), "asking")

    gone = await is_gone(asking, "asking", LONG_UP)
    asking.close()

    assert gone
