"""A picture of a page in 256 colours: a third of the bytes, and nobody sees the difference."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST = 256
_PALETTE_COLOURS = 3
"""PNG's number for pictures whose pixels are places in a palette."""
_AT_ONCE = 1_024


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG of *pixels*, shape (height, width, 3 or more), uint8: red, green, blue come first.

    Its palette holds the commonest colours as they are, and the nearest of them for the others.
    """
    height, width = pixels.shape[:2]
    palette, places = _palette(pixels[..., :3])
    rows = np.zeros((height, width + 1), np.uint8)  # the filter "none" stands before each row
    rows[:, 1:] = places
    head = struct.pack(">IIBBBBB", width, height, 8, _PALETTE_COLOURS, 0, 0, 0)
    parts = {
        b"IHDR": head,
        b"PLTE": palette.tobytes(),
        b"IDAT": zlib.compress(rows.tobytes(), 9),
        b"IEND": b"",
    }
    return _SIGNATURE + b"".join(_chunk(name, body) for name, body in parts.items())


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _palette(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Colours, shape (n, 3), and the place of each pixel's among them, shape (height, width)."""
    whole = pixels.astype(np.uint32)
    codes = whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2]
    colours, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    rgb = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1).astype(np.int32)
    kept = rgb[_spread(rgb, counts)]
    nearest = np.empty(len(rgb), np.uint8)
    for start in range(0, len(rgb), _AT_ONCE):
        part = rgb[start : start + _AT_ONCE]
        distances = ((part[:, None, :] - kept[None, :, :]) ** 2).sum(axis=2)
        nearest[start : start + _AT_ONCE] = distances.argmin(axis=1)
    return kept.astype(np.uint8), nearest[places.reshape(codes.shape)]


def _spread(rgb: NDArray[np.int32], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of at most 256 colours: the commonest, then the commonest of each cube of colours."""
    order = np.argsort(-counts, kind="stable")
    commonest = order[: _MOST // 2]  # flat grounds and inks stay exactly as they are
    cubes = rgb[:, 0] >> 4 << 8 | rgb[:, 1] >> 4 << 4 | rgb[:, 2] >> 4
    _, first = np.unique(cubes[order], return_index=True)
    rest = order[np.sort(first)]
    rest = rest[~np.isin(rest, commonest)][: _MOST - len(commonest)]
    return np.concatenate([commonest, rest])
