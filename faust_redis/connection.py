"""One connection to a server: what one loop tick asks leaves in one write."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

import hiredis

from faust_redis.errors import (
    AuthenticationError,
    CommandError,
    ReplyLostError,
    ServerUnavailableError,
    ServerUnfitError,
)

if TYPE_CHECKING:
    from faust_redis.address import Address

Argument = bytes | str | int | float
_REFUSED_LOGIN = frozenset({"WRONGPASS", "NOAUTH", "NOPERM"})


class Connection(asyncio.Protocol):
    """A pipelining client on hiredis' parser; once lost it stays lost."""

    def __init__(self, timeout_s: float = 5.0) -> None:
        self._timeout_s = timeout_s
        self._heard_s = 0.0
        self._overdue: asyncio.TimerHandle | None = None
        self._reader = hiredis.Reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._unsent: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self.lost = self._loop.create_future()
        self.id = 0

    def execute(self, *args: Argument) -> asyncio.Future[Any]:
        """The reply to come; an error reply is raised as :class:`CommandError`."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._transport is None:
            future.set_exception(ReplyLostError("the connection is closed; nothing was sent"))
            return future
        if not self._unsent:
            self._loop.call_soon(self.flush)
        self._unsent.append(hiredis.pack_command(args))  # type: ignore[arg-type]
        if not self._waiting:
            self._heard_s = self._loop.time()
            if self._overdue is None:
                self._overdue = self._loop.call_later(self._timeout_s, self._look)
        self._waiting.append(future)
        return future

    def _look(self) -> None:
        """Close when nothing came for too long: one timer for all requests, not one for each."""
        self._overdue = None
        if not self._waiting:
            return
        left_s = self._heard_s + self._timeout_s - self._loop.time()
        if left_s <= 0:
            # A later reply would answer the wrong request if the connection were kept.
            self.close(f"no reply within {self._timeout_s:g} s")
        else:
            self._overdue = self._loop.call_later(left_s, self._look)

    def flush(self) -> None:
        """Send now what the end of this loop tick would send."""
        unsent, self._unsent = self._unsent, []
        if self._transport is not None and unsent:
            self._transport.write(unsent[0] if len(unsent) == 1 else b"".join(unsent))

    def close(self, why: str = "the connection was closed") -> None:
        """Close at once; replies still to come are lost."""
        if self._transport is not None:
            self._transport.abort()
            self._lose(why)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (called by asyncio)."""
        self._transport = transport  # type: ignore[assignment]  # a stream transport

    def data_received(self, data: bytes) -> None:
        """Hand every complete reply to its request (called by asyncio)."""
        self._reader.feed(data)
        self._heard_s = self._loop.time()
        gets, waiting = self._reader.gets, self._waiting
        # RESP2 has no booleans, so False can only mean that the reply is not complete yet.
        while (reply := gets()) is not False:
            future = waiting.popleft()
            if future.done():
                continue
            if isinstance(reply, hiredis.ReplyError):
                future.set_exception(CommandError(str(reply)))
            else:
                future.set_result(reply)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Fail every request that waits (called by asyncio)."""
        self._lose(
            f"the server closed the connection ({exc})" if exc else "the connection was closed"
        )

    def _lose(self, why: str) -> None:
        self._transport = None
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(ReplyLostError(why))
        if not self.lost.done():
            self.lost.set_result(None)


async def connect(address: Address, name: str, *, timeout_s: float = 5.0) -> Connection:
    """Open a connection, log in, select the database and name it for ``CLIENT LIST``.

    Raises:
        AuthenticationError: When the server refuses the user or password.
        ServerUnavailableError: When nobody answers in time.
        ServerUnfitError: When the server has no such database.
        CommandError: When the server refuses anything else, such as ``LOADING``.
    """
    try:
        async with asyncio.timeout(timeout_s):
            connection = await _open(address, timeout_s)
            try:
                await _log_in(connection, address, name)
            except BaseException:
                connection.close()
                raise
    except (TimeoutError, OSError, ReplyLostError) as error:
        why = str(error) or f"no answer within {timeout_s:g} s"
        message = f"Redis at {address} cannot be reached: {why}"
        raise ServerUnavailableError(message) from error
    return connection


async def _open(address: Address, timeout_s: float) -> Connection:
    loop = asyncio.get_running_loop()
    make = partial(Connection, timeout_s)
    if address.path:
        _, connection = await loop.create_unix_connection(make, address.path)
        return connection
    context = address.tls_context()
    _, connection = await loop.create_connection(make, address.host, address.port, ssl=context)
    return connection


async def _log_in(connection: Connection, address: Address, name: str) -> None:
    try:
        if address.password:
            who = (address.username,) if address.username else ()
            await connection.execute("AUTH", *who, address.password)
        if address.db:
            await connection.execute("SELECT", address.db)
        await connection.execute("CLIENT", "SETNAME", name)
        connection.id = int(await connection.execute("CLIENT", "ID"))
        # CLIENT commands answer while the server still loads its data; nothing else does.
        await connection.execute("PING")
    except CommandError as error:
        if error.code in _REFUSED_LOGIN or "AUTH" in str(error):
            message = f"Redis at {address} refused the login, see its URL's password: {error}"
            raise AuthenticationError(message) from error
        if "DB index" in str(error):
            message = f"Redis at {address} has no database {address.db}, see its URL's db: {error}"
            raise ServerUnfitError(message) from error
        raise
