"""A picture of a page in 256 colours: a third of the bytes, and nobody sees the difference."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST = 256
_TRUE_COLOUR = {2: 3, 6: 4}
"""Bytes a pixel, by PNG's number of a colour type: with and without transparency."""


def reduce_colours(png: bytes) -> bytes:
    """The same picture with a palette of its commonest colours, the others taking the nearest.

    Reads what browsers write, eight bits a channel and not interlaced (PNG, third edition).
    """
    chunks = dict(_chunks(png))
    width, height, depth, kind, *_, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if depth != 8 or kind not in _TRUE_COLOUR or interlaced:  # noqa: PLR2004 - as the docstring says
        return png
    data = b"".join(body for name, body in _chunks(png) if name == b"IDAT")
    pixels = _unfiltered(zlib.decompress(data), width, height, _TRUE_COLOUR[kind])
    palette, places = _palette(pixels[..., :3])
    rows = np.zeros((height, width + 1), np.uint8)  # the filter "none" stands before each row
    rows[:, 1:] = places
    small = b"".join([
        _SIGNATURE,
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        _chunk(b"PLTE", palette.tobytes()),
        _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
        _chunk(b"IEND", b""),
    ])  # fmt: skip
    return min(png, small, key=len)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place < len(png):
        size, name = struct.unpack_from(">I4s", png, place)
        yield name, png[place + 8 : place + 8 + size]
        place += size + 12


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _unfiltered(data: bytes, width: int, height: int, step: int) -> NDArray[np.uint8]:
    """Undo the filter of each row: pixels of shape (height, width, step), uint8."""
    rows = np.frombuffer(data, np.uint8).reshape(height, 1 + width * step)
    above = np.zeros((width, step), np.uint8)
    found = np.empty((height, width, step), np.uint8)
    for number, row in enumerate(rows):
        above = _row(int(row[0]), row[1:].reshape(width, step), above)
        found[number] = above
    return found


def _row(kind: int, row: NDArray[np.uint8], above: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if kind == 0:
        return row.copy()
    if kind == 1:
        return np.cumsum(row, axis=0, dtype=np.uint8)
    if kind == 2:  # noqa: PLR2004 - the numbers of the specification: up
        return row + above
    return _by_pixel(kind, row.tolist(), above.tolist())


def _by_pixel(kind: int, row: list[list[int]], above: list[list[int]]) -> NDArray[np.uint8]:
    """The filters whose pixels depend on those before them: average (3) and Paeth (4)."""
    predict = _average if kind == 3 else _paeth  # noqa: PLR2004 - the same
    left = corner = [0] * len(row[0])
    for number, pixel in enumerate(row):
        up = above[number]
        guesses = map(predict, left, up, corner)
        row[number] = [(a + g) & 255 for a, g in zip(pixel, guesses, strict=True)]
        left, corner = row[number], up
    return np.array(row, np.uint8)


def _average(left: int, up: int, _corner: int) -> int:
    return (left + up) // 2


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))


def _palette(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Colours, shape (n, 3), and the place of each pixel's among them, shape (height, width)."""
    whole = pixels.astype(np.uint32)
    codes = whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2]
    colours, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    rgb = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1).astype(np.int32)
    kept = rgb[_spread(rgb, counts)]
    nearest = np.empty(len(rgb), np.uint8)
    for start in range(0, len(rgb), 1024):
        part = rgb[start : start + 1024]
        distances = ((part[:, None, :] - kept[None, :, :]) ** 2).sum(axis=2)
        nearest[start : start + 1024] = distances.argmin(axis=1)
    return kept.astype(np.uint8), nearest[places.reshape(codes.shape)]


def _spread(rgb: NDArray[np.int32], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The commonest colour of each small cube of colours, and of these the commonest."""
    cubes = rgb[:, 0] >> 4 << 8 | rgb[:, 1] >> 4 << 4 | rgb[:, 2] >> 4
    order = np.argsort(-counts, kind="stable")
    _, first = np.unique(cubes[order], return_index=True)
    found: NDArray[np.int64] = np.sort(order[first])
    commonest = order[: _MOST // 2]  # flat grounds and inks stay exactly as they are
    rest = found[np.argsort(-counts[found], kind="stable")]
    rest = rest[~np.isin(rest, commonest)][: _MOST - len(commonest)]
    return np.concatenate([commonest, rest])
