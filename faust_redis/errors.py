"""The one tree of errors that this package raises."""

from __future__ import annotations


class TransportError(Exception):
    """Something about the broker that can be said in one sentence."""


class AddressError(TransportError, ValueError):
    """An address that is none of a Redis; says what is wrong with it."""


class ServerUnavailableError(TransportError):
    """No server answers at the address, or it closed the connection."""


class ReplyLostError(ServerUnavailableError):
    """A request was sent and its reply never came: it may or may not have been carried out."""


class AuthenticationError(TransportError):
    """The server refused the user or the password."""


class ServerUnfitError(TransportError):
    """A server too old or set up in a way that would lose data."""


class PartitionCountError(TransportError):
    """A number of partitions other than the one on record."""


class UnsupportedError(TransportError):
    """A use of Faust that this transport does not carry yet."""


class CommandError(TransportError):
    """An error reply of the server; *code* is its first word, such as ``WRONGTYPE``."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.code = reply.partition(" ")[0]


class CommitRefusedError(TransportError):
    """A commit that the server will never take, such as a put to a key of another type."""


class BackPressureError(TransportError):
    """The publisher is held back: readers lag or the server's memory runs out; try again later."""


class CommitTimeoutError(TransportError):
    """A position was not committed within the time given."""


class NoLetterError(TransportError):
    """No dead letter lies where one was asked for."""
