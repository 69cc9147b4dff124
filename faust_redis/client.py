"""A connection that comes back: it reconnects with back-off and says when a reply was lost."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Any

from faust_redis.connection import Argument, Connection, connect
from faust_redis.errors import CommandError, ServerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faust_redis.address import Address
    from faust_redis.scripts import Script

_log = logging.getLogger(__name__)

TRANSIENT = frozenset(
    "BUSY CLUSTERDOWN LOADING MASTERDOWN MISCONF READONLY TRYAGAIN UNBLOCKED".split()  # noqa: SIM905
)
"""Error replies that say "not now": nothing was written, and the same request may do later."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 2.0


class Client:
    """One server, one connection at a time."""

    def __init__(self, address: Address, name: str, *, timeout_s: float = 5.0) -> None:
        self.address = address
        self._name = name
        self._timeout_s = timeout_s
        self._connection: Connection | None = None
        self._connecting = asyncio.Lock()
        self.connections = 0

    @property
    def connection(self) -> Connection | None:
        """The live connection, if there is one."""
        alive = self._connection is not None and not self._connection.lost.done()
        return self._connection if alive else None

    async def connected(self) -> Connection:
        """The live connection, opened with back-off for as long as it takes.

        Raises:
            AuthenticationError: When the server refuses the login.
        """
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await self.connect_once()
            except (ServerUnavailableError, CommandError) as error:
                if isinstance(error, CommandError) and error.code not in TRANSIENT:
                    raise
                if pause_s >= _LONGEST_PAUSE_S:
                    _log.warning("still waiting for Redis: %s", error)
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def connect_once(self) -> Connection:
        """The live connection, opened now if there is none."""
        if (connection := self.connection) is not None:
            return connection
        async with self._connecting:
            if (connection := self.connection) is None:
                connection = await connect(self.address, self._name, timeout_s=self._timeout_s)
                self._connection = connection
                self.connections += 1
        return connection

    async def call(self, *args: Argument) -> Any:  # noqa: ANN401
        """The reply to one request, sent once.

        Raises:
            ReplyLostError: When it may or may not have been carried out.
            CommandError: When the server answers with an error.
        """
        connection = await self.connect_once()
        return await connection.execute(*args)

    async def ask(self, *args: Argument) -> Any:  # noqa: ANN401
        """The reply to a request that may be sent twice, asked until there is one."""
        while True:
            await self.connected()
            try:
                return await self.call(*args)
            except ServerUnavailableError:
                continue
            except CommandError as error:
                if error.code not in TRANSIENT:
                    raise
                await asyncio.sleep(_FIRST_PAUSE_S)

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Any:  # noqa: ANN401
        """The reply of a script, sent once; its text only when the server does not know it.

        Raises:
            ReplyLostError: When it may or may not have been carried out.
            CommandError: When the server or the script answers with an error.
        """
        try:
            return await self.call("EVALSHA", script.sha, len(keys), *keys, *args)
        except CommandError as error:
            if error.code != "NOSCRIPT":
                raise
            return await self.call("EVAL", script.text, len(keys), *keys, *args)

    def close(self) -> None:
        """Close for good."""
        if self._connection is not None:
            self._connection.close()
