"""A batch: up to some hundred records of one partition, in stream order, delivered as one event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faust_redis.transaction import Transaction


class Record(msgspec.Struct, frozen=True, gc=False):
    """One entry of a stream."""

    position: str
    """Its id in the stream, ``ms-seq``; ms is when the server stored it."""

    value: bytes
    """Its field ``e``, or nothing where a foreign writer left that out."""


class Batch:
    """Records to fold, and the transaction that takes what comes of them."""

    __slots__ = (
        "__weakref__",
        "epoch",
        "generation",
        "partition",
        "previous",
        "records",
        "token",
        "write",
    )

    def __init__(
        self,
        partition: int,
        generation: int,
        epoch: int,
        token: str,
        previous: str,
        records: Sequence[Record],
        write: Transaction,
    ) -> None:
        self.partition = partition
        self.generation = generation
        """Changes whenever the partition was loaded or sought again: derived state is void then."""
        self.epoch = epoch
        self.token = token
        self.previous = previous
        """The position before the first record: where the cursor must be for this to commit."""
        self.records = records
        self.write = write

    @property
    def position(self) -> str:
        """The position of the last record, the cursor's once this is committed."""
        return self.records[-1].position

    def __repr__(self) -> str:
        return f"<Batch of {len(self.records)}: partition {self.partition}, up to {self.position}>"


def records_of(entries: Sequence[Sequence[object]]) -> list[Record]:
    """The records of a stream's entries as XREAD and XRANGE reply them."""
    make = Record
    return [
        make(entry_id.decode(), fields[1] if fields and fields[0] == b"e" else _find(fields))  # type: ignore[attr-defined,index,arg-type]
        for entry_id, fields in entries
    ]


def _find(fields: Sequence[bytes] | None) -> bytes:
    # An entry deleted inside a stream's node is replied without fields by some servers.
    pairs = fields or ()
    return dict(zip(pairs[::2], pairs[1::2], strict=True)).get(b"e", b"")
