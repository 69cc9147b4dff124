"""Telling a worker that died from one that was only slow, by its connection to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faust_redis.errors import CommandError

if TYPE_CHECKING:
    from faust_redis.client import Client

_RETURN_S = 1.0
"""How long after a restart of the server a worker may take to be connected again."""


def connection_name(app: str, worker: str) -> str:
    """What a worker's connection is called in ``CLIENT LIST``."""
    return f"{app}:control:{worker}"


async def is_gone(client: Client, name: str, lease_s: float) -> bool:
    """True when no connection of this name is open, on a server that is up for long enough.

    A process that is killed loses its connections at once; one that is stopped, or whose event loop
    is blocked, keeps them.
    """
    if await _up_s(client) <= lease_s + _RETURN_S:
        return False
    try:
        clients = await client.call("CLIENT", "LIST")
    except CommandError as error:
        if error.code != "NOPERM":
            raise
        # Better to suspect a record for nothing than to let it kill for ever.
        return True
    return f" name={name} " not in clients.decode(errors="replace")


async def _up_s(client: Client) -> int:
    info = await client.call("INFO", "server")
    lines = (line.partition(b":") for line in info.splitlines())
    return next(int(value) for field, _, value in lines if field == b"uptime_in_seconds")
