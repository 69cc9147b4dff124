"""A blocking connection, for producers that use no asyncio."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import hiredis

from faust_redis.errors import (
    AuthenticationError,
    CommandError,
    ReplyLostError,
    ServerUnavailableError,
)

if TYPE_CHECKING:
    from faust_redis.address import Address
    from faust_redis.connection import Argument

_READ_BYTES = 65536


class BlockingConnection:
    """One request at a time on one socket; opened at the first request, and again after a loss."""

    def __init__(self, address: Address, *, timeout_s: float = 5.0) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._reader = hiredis.Reader()
        self.opened = 0
        """How often it was opened."""

    def execute(self, *args: Argument) -> Any:  # noqa: ANN401
        """The reply to one request.

        Raises:
            ServerUnavailableError: When there is no connection to be had.
            ReplyLostError: When the request may or may not have been carried out.
            CommandError: When the server answers with an error.
        """
        if self._socket is None:
            self._open()
        return self._exchange(*args)

    def _exchange(self, *args: Argument) -> Any:  # noqa: ANN401
        if self._socket is None:
            message = "the connection is closed"
            raise ReplyLostError(message)
        try:
            self._socket.sendall(hiredis.pack_command(args))  # type: ignore[arg-type]
            while (reply := self._reader.gets()) is False:
                self._reader.feed(_received(self._socket))
        except OSError as error:
            self.close()
            message = f"no reply from Redis at {self._address}: {error}"
            raise ReplyLostError(message) from error
        if isinstance(reply, hiredis.ReplyError):
            raise CommandError(str(reply))
        return reply

    def _open(self) -> None:
        address = self._address
        try:
            self._socket = self._connected_socket()
        except OSError as error:
            message = f"Redis at {address} cannot be reached: {error}"
            raise ServerUnavailableError(message) from error
        self._reader = hiredis.Reader()
        self.opened += 1
        try:
            if address.password:
                who = (address.username,) if address.username else ()
                self._exchange("AUTH", *who, address.password)
            if address.db:
                self._exchange("SELECT", address.db)
            self._exchange("PING")
        except CommandError as error:
            self.close()
            if error.code in {"WRONGPASS", "NOAUTH", "NOPERM"} or "AUTH" in str(error):
                message = f"Redis at {address} refused the login: {error}"
                raise AuthenticationError(message) from error
            raise

    def _connected_socket(self) -> socket.socket:
        address = self._address
        if address.path:
            connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connected.settimeout(self._timeout_s)
            try:
                connected.connect(address.path)
            except OSError:
                connected.close()
                raise
            return connected
        connected = socket.create_connection((address.host, address.port), self._timeout_s)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = address.tls_context()
        if context is None:
            return connected
        return context.wrap_socket(connected, server_hostname=address.host)

    def close(self) -> None:
        """Close; the next request opens anew."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _received(connected: socket.socket) -> bytes:
    data = connected.recv(_READ_BYTES)
    if not data:
        message = "the server closed the connection"
        raise ConnectionResetError(message)
    return data
