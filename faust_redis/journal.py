"""A producer's own record of what it published, to be published again after a new history."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LENGTH_BYTES = 4
_MOST_BYTES = 64 << 20


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was published, and the position it was given."""

    partition: int
    key: bytes
    value: bytes
    position: str


class Journal:
    """Two files, the newer and the older; each at most *most_bytes* long, so old entries go.

    An entry is on disk before its publication is told of. A torn end, as a power cut leaves it, is
    read up to the tear.
    """

    def __init__(self, path: Path | str, *, most_bytes: int = _MOST_BYTES) -> None:
        self._path = Path(path)
        self._older = self._path.with_suffix(self._path.suffix + ".older")
        self._most_bytes = most_bytes
        self._file = self._path.open("ab")

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries to disk."""
        encoded = map(msgspec.msgpack.encode, entries)
        self._file.write(b"".join(len(e).to_bytes(_LENGTH_BYTES, "big") + e for e in encoded))
        self._file.flush()
        os.fsync(self._file.fileno())
        if self._file.tell() > self._most_bytes:
            self._file.close()
            self._path.replace(self._older)
            self._file = self._path.open("ab")

    def __iter__(self) -> Iterator[Entry]:
        """All entries, oldest first."""
        for path in (self._older, self._path):
            if path.exists():
                yield from _entries(path.read_bytes())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _entries(data: bytes) -> Iterator[Entry]:
    at = 0
    while at + _LENGTH_BYTES <= len(data):
        length = int.from_bytes(data[at : at + _LENGTH_BYTES], "big")
        at += _LENGTH_BYTES
        if at + length > len(data):
            return
        yield msgspec.msgpack.decode(data[at : at + length], type=Entry)
        at += length
