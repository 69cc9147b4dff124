"""Lines and cells of a results file, whatever its encoding and however it was packed."""

from __future__ import annotations

import csv
import gzip
import zlib
from typing import TYPE_CHECKING

from msgspec import Struct

from schemas.errors import FeedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_FILE_BYTES = 64 * 1024 * 1024
"""A season of one division has a few hundred kilobytes."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


class Line(Struct, frozen=True):
    """One line that is not blank: its number in the file, counted from 1, and its cells."""

    number: int
    cells: list[str]


def content(path: Path) -> bytes:
    """Read a file, unpacked where it is gzipped, whatever its name says.

    Raises:
        FeedError: When it cannot be read, is cut off or is far too long.
    """
    try:
        with path.open("rb") as opened:
            packed = opened.read(len(_GZIP)) == _GZIP
        with gzip.open(path) if packed else path.open("rb") as unpacked:
            data = unpacked.read(MAX_FILE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FeedError(f"the file cannot be read: {error}") from error
    if len(data) > MAX_FILE_BYTES:
        raise FeedError(f"the file is longer than {MAX_FILE_BYTES} bytes")
    return data


def text(data: bytes) -> str:
    """Decode UTF-8 with or without a byte-order mark, else what Excel wrote in western Europe."""
    data = data.removeprefix(_BYTE_ORDER_MARK)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def lines(words: str) -> Iterator[Line]:
    """Split into lines of cells, without blank ones and without white space around cells.

    A line is a row: no cell of this feed spans lines, so that a stray quotation mark costs one row.
    """
    for number, line in enumerate(words.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        cells = [cell.strip() for cell in _cells(line)]
        if any(cells):
            yield Line(number, cells)


def _cells(line: str) -> list[str]:
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return line.split(",")
