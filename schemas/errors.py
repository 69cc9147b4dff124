"""The one tree of errors that SabiScore raises."""

from __future__ import annotations


class SabiscoreError(Exception):
    """Something that we can say in one clear sentence."""


class MalformedEventError(SabiscoreError):
    """Bytes that are no event we know; carries them and the reason."""

    def __init__(self, raw: bytes, reason: str) -> None:
        super().__init__(reason)
        self.raw = raw
        self.reason = reason


class RejectedEventError(SabiscoreError):
    """A well-formed event that cannot be folded, such as one for an unknown match."""


class FeedError(SabiscoreError):
    """A feed that cannot be read at all: a missing folder, an address that does not answer."""


class RowError(SabiscoreError):
    """One row of a feed that cannot be read; names file, line and reason."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}, line {line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class ModelError(SabiscoreError):
    """A model that cannot be trained, found, verified or run."""


class ServerError(SabiscoreError):
    """A Redis, Postgres or HTTP server that cannot be started or does not answer."""


class SettingsError(SabiscoreError):
    """A setting that makes no sense; names it."""
