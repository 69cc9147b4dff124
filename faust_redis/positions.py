"""Positions of records: a stream's own ``ms-seq`` ids, their order, and Faust's integer offsets.

An offset is ``ms << 64 | seq``. Python's integers have no width, so every id that Redis can issue
has an offset of its own, and back; a sensor that exports offsets as floats rounds them.
"""

from __future__ import annotations

START = "0-0"
"""Before the first record of any stream."""

_SEQ_BITS = 64
_SEQ_MASK = (1 << _SEQ_BITS) - 1


def pack(position: str) -> int:
    """The Faust offset of a position; offsets order as positions do.

    Raises:
        ValueError: When *position* is not ``ms-seq``.
    """
    ms, _, seq = position.partition("-")
    return (int(ms) << _SEQ_BITS) | int(seq or 0)


def unpack(offset: int) -> str:
    """The position of a Faust offset."""
    return f"{offset >> _SEQ_BITS}-{offset & _SEQ_MASK}"


def place(position: str) -> tuple[int, int]:
    """The Faust offset of a position, and when it was stored in ms since 1970, read at once."""
    ms, _, seq = position.partition("-")
    stored_at_ms = int(ms)
    return (stored_at_ms << _SEQ_BITS) | int(seq), stored_at_ms


def stored_ms(position: str) -> int:
    """When the record was stored, by the server's clock, in ms since 1970."""
    return int(position.partition("-")[0])
