"""TCP ports on this machine."""

from __future__ import annotations

import socket

from schemas.errors import ServerError

LOOPBACK = "127.0.0.1"


def free_port(host: str = LOOPBACK) -> int:
    """Return a port on which nobody listens now; another program may still take it."""
    with socket.socket(_family(host)) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int, host: str = LOOPBACK, flag: str = "--port") -> None:
    """Return when a server can listen on *port*.

    Raises:
        ServerError: When it cannot; names the flag that chooses another.
    """
    with socket.socket(_family(host)) as probe:
        # As servers do: a connection that has just ended is no reason to refuse.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError as error:
            message = f"{port} is no port: ports go from 0 to 65535. Choose another with {flag}."
            raise ServerError(message) from error
        except OSError as error:
            message = (
                f"Cannot listen on port {port} of {host}: {error.strerror or error}. "
                f"Stop the program that has it, or choose another with {flag}."
            )
            raise ServerError(message) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
