"""A producer's own record of what it published, to be published again after a new history."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_LENGTH_BYTES = 4
_MOST_BYTES = 64 << 20


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was published, and the position it was given."""

    partition: int
    key: bytes
    value: bytes
    position: str
    record_key: bytes | None = None


class Journal:
    """Two files, the newer and the older; each at most *most_bytes* long, so old entries go.

    An entry is on disk before its publication is told of. A torn end, as a power cut leaves it, is
    cut off when the file is opened, so that what is written next can be read.
    """

    def __init__(self, path: Path | str, *, most_bytes: int = _MOST_BYTES) -> None:
        self._path = Path(path)
        self._older = self._path.with_suffix(self._path.suffix + ".older")
        self._most_bytes = most_bytes
        _cut_off_torn_end(self._path)
        self._file = self._path.open("ab")

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries to disk."""
        self._file.write(_encoded(entries))
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

    def moved(self, positions: Mapping[tuple[int, str], str]) -> None:
        """Note that entries, by partition and position, have been given other positions."""
        self._file.close()
        for path in (self._older, self._path):
            if not path.exists():
                continue
            entries = [
                msgspec.structs.replace(
                    entry, position=positions.get((entry.partition, entry.position), entry.position)
                )
                for entry in _entries(path.read_bytes())
            ]
            new = path.with_suffix(path.suffix + ".new")
            with new.open("wb") as file:
                file.write(_encoded(entries))
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        self._file = self._path.open("ab")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _encoded(entries: Iterable[Entry]) -> bytes:
    encoded = map(msgspec.msgpack.encode, entries)
    return b"".join(len(e).to_bytes(_LENGTH_BYTES, "big") + e for e in encoded)


def _cut_off_torn_end(path: Path) -> None:
    if not path.exists():
        return
    data = path.read_bytes()
    whole = sum(_LENGTH_BYTES + len(body) for body, _ in _whole(data))
    if whole < len(data):
        with path.open("r+b") as file:
            file.truncate(whole)
            os.fsync(file.fileno())


def _entries(data: bytes) -> Iterator[Entry]:
    return (entry for _, entry in _whole(data))


def _whole(data: bytes) -> Iterator[tuple[bytes, Entry]]:
    """The entries before a tear, each with its bytes; a page of zeros, never written, is one."""
    at = 0
    while at + _LENGTH_BYTES <= len(data):
        length = int.from_bytes(data[at : at + _LENGTH_BYTES], "big")
        body = data[at + _LENGTH_BYTES : at + _LENGTH_BYTES + length]
        if len(body) < length:
            return
        try:
            entry = msgspec.msgpack.decode(body, type=Entry)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        yield body, entry
        at += _LENGTH_BYTES + length
