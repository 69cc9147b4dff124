"""Judges documents, and stores those that are events: each once, in order within its pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from producers.faults import fault_of
from producers.not_for_feeds import refusal
from schemas.errors import MalformedEventError
from schemas.events import decode_event

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from producers.documents import Document
    from schemas.competitions import Competition

MOST_AT_ONCE = 512


class Publisher(Protocol):
    """What is needed of :class:`faust_redis.AsyncPublisher`."""

    async def assign(self, name: str) -> int:
        """Give the partition of a pool."""
        ...

    async def publish(self, partition: int, items: Sequence[tuple[bytes, bytes]]) -> list[str]:
        """Append (idempotence key, value) pairs; give the position of each."""
        ...


class Wrong(Struct, frozen=True):
    """A document that is not stored, and why; *event* is its line, or its place in the batch."""

    event: int
    field: str
    reason: str


class Accepted(Struct, frozen=True):
    """An event to be stored."""

    event: int
    source: str
    id: str
    pool: str
    body: bytes

    @property
    def key(self) -> bytes:
        """By this a second copy is known, whoever publishes it."""
        return f"{self.source}\0{self.id}".encode()


class Stored(Struct, frozen=True):
    """An event and where it is; a copy is where its first is."""

    event: int
    source: str
    id: str
    partition: int
    position: str


def judge(
    documents: Iterable[Document],
    competitions: Mapping[str, Competition],
    clock: Callable[[], dt.datetime],
) -> tuple[list[Accepted], list[Wrong]]:
    """Tell events from what is none; *clock* says when we received them."""
    good: list[Accepted] = []
    bad: list[Wrong] = []
    for document in documents:
        try:
            event = decode_event(document.raw)
            body = document.raw
            if event.recordedtime is None:
                body = _stamped(body, clock())
                decode_event(body)
        except MalformedEventError as error:
            fault = fault_of(error)
            bad.append(Wrong(document.number, fault.field, fault.reason))
            continue
        if (no := refusal(event, competitions)) is not None:
            bad.append(Wrong(document.number, no.field, no.reason))
            continue
        good.append(Accepted(document.number, event.source, event.id, event.partitionkey, body))
    return good, bad


def _stamped(body: bytes, received: dt.datetime) -> bytes:
    """The event as it was sent, and at its end when we received it."""
    head = body[: body.rindex(b"}")].rstrip()
    return head + b',"recordedtime":"' + received.isoformat().encode() + b'"}'


async def store(accepted: Sequence[Accepted], publisher: Publisher, stored: list[Stored]) -> None:
    """Store events and add each to *stored* as soon as it is, whatever happens to those after it.

    Raises:
        BackPressureError: When events are held back.
        ServerUnavailableError: When Redis is away.
    """
    by_partition: dict[int, list[Accepted]] = {}
    for event in accepted:
        by_partition.setdefault(await publisher.assign(event.pool), []).append(event)
    for partition, events in by_partition.items():
        for start in range(0, len(events), MOST_AT_ONCE):
            some = events[start : start + MOST_AT_ONCE]
            positions = await publisher.publish(partition, [(e.key, e.body) for e in some])
            stored += [
                Stored(event.event, event.source, event.id, partition, position)
                for event, position in zip(some, positions, strict=True)
            ]
