"""Puts any feed's events on the streams: in order, at a pace, each once, and none lost."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec
from msgspec import Struct

from faust_redis.errors import BackPressureError, ServerUnavailableError
from producers.pace import Pace
from schemas.events import (
    AnyEvent,
    ModelPromoted,
    ModelPromotedData,
    ModelRolledBack,
    ModelRolledBackData,
    encode_event,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MAX_BATCH = 512
"""Events that one call of the publish script takes."""

# Partitions are filled one after the other; this bounds by how much one is ahead of another.
_WINDOW = 2048
_FIRST_BACK_OFF_S = 0.02
_LONGEST_BACK_OFF_S = 1.0
_PATIENCE_S = 120.0
CONTROL_SOURCE = "sabiscore"
EVERY_POOL = "all"
"""The partition key of what concerns every pool."""

_T = TypeVar("_T")


class EventPublisher(Protocol):
    """What is needed of :class:`faust_redis.Publisher`."""

    def assign(self, name: str) -> int:
        """Give the partition of a pool, the same to everyone for ever."""
        ...

    def publish(self, partition: int, items: Sequence[tuple[bytes, bytes]]) -> list[str]:
        """Append (idempotence key, value) pairs; give the position of each."""
        ...


class RawRecord(Struct, frozen=True, kw_only=True):
    """Bytes to be stored as they are, whether they can be read or not; with an event's context."""

    id: str
    source: str
    subject: str
    time: dt.datetime
    partitionkey: str
    body: bytes


class Acknowledgement(Struct, frozen=True):
    """An event is stored, at this position of its partition; a copy has its first's position."""

    match_id: str
    event_id: str
    time: dt.datetime
    partition: int
    position: str


def publish(
    events: Iterable[AnyEvent | RawRecord],
    publisher: EventPublisher,
    *,
    pace: Pace | None = None,
    clock: Callable[[], dt.datetime] | None = None,
    progress: Callable[[int, dt.datetime], None] | None = None,
) -> Iterator[Acknowledgement]:
    """Publish *events* and yield an acknowledgement for each, in order within a partition.

    Without *pace* as fast as the streams take them. *clock* stamps ``recordedtime`` on a live
    feed; a replay has none, so that its bytes are the same every time. *progress* hears how many
    were stored and the time of the last. A full stream or a server that is away is waited for;
    ``pace.stop`` ends the feed between two batches.

    Raises:
        ServerUnavailableError: When the server stays away for two minutes.
    """
    pace = pace or Pace()
    sender = _Sender(publisher, pace, clock)
    count = 0
    try:
        for window in _windows(events, pace):
            for acknowledgement in sender.store(window):
                count += 1
                yield acknowledgement
            if progress is not None:
                progress(count, window[-1].time)
    except _StoppedError:
        return


def promotion(model: str, time: dt.datetime, alias: str = "champion") -> ModelPromoted:
    """Make the event that lets *model* (``name@version``) forecast from *time* on.

    Under another *alias* than the champion's it does so in the shadow.
    """
    named = "" if alias == "champion" else f"{alias}:"
    return ModelPromoted(
        id=f"promoted:{named}{model}:{time.isoformat()}",
        source=CONTROL_SOURCE,
        time=time,
        partitionkey=EVERY_POOL,
        data=ModelPromotedData(model=model, alias=alias),
    )


def promote(
    publisher: EventPublisher,
    partitions: int,
    model: str,
    time: dt.datetime,
    alias: str = "champion",
) -> list[str]:
    """Append ``model.promoted`` to every partition; give its position in each.

    *model* is the label ``name@version``; *time* the event time from which on it forecasts.
    """
    return _everywhere(publisher, partitions, promotion(model, time, alias))


def roll_back(
    publisher: EventPublisher, partitions: int, model: str, time: dt.datetime, reason: str = ""
) -> list[str]:
    """Append ``model.rolled_back`` to every partition; give its position in each.

    *model* is the label that forecasts again from *time* on.
    """
    event = ModelRolledBack(
        id=f"rolled-back:{model}:{time.isoformat()}",
        source=CONTROL_SOURCE,
        time=time,
        partitionkey=EVERY_POOL,
        data=ModelRolledBackData(model=model, reason=reason),
    )
    return _everywhere(publisher, partitions, event)


def _everywhere(publisher: EventPublisher, partitions: int, event: AnyEvent) -> list[str]:
    item, pace = _item(event, None), Pace()
    return [
        _patiently(partial(publisher.publish, partition, [item]), pace)[0]
        for partition in range(partitions)
    ]


class _StoppedError(Exception):
    """The feed was stopped while it waited."""


class _Sender:
    """Spreads windows of events over partitions, and insists until each is stored."""

    def __init__(
        self,
        publisher: EventPublisher,
        pace: Pace,
        clock: Callable[[], dt.datetime] | None,
    ) -> None:
        self._publisher = publisher
        self._pace = pace
        self._clock = clock
        self._partitions: dict[str, int] = {}

    def store(self, window: list[AnyEvent | RawRecord]) -> Iterator[Acknowledgement]:
        by_partition: dict[int, list[AnyEvent | RawRecord]] = {}
        for event in window:
            by_partition.setdefault(self._partition(event.partitionkey), []).append(event)
        for partition, events in by_partition.items():
            for start in range(0, len(events), MAX_BATCH):
                yield from self._store_batch(partition, events[start : start + MAX_BATCH])

    def _partition(self, pool: str) -> int:
        if pool not in self._partitions:
            assign = partial(self._publisher.assign, pool)
            self._partitions[pool] = _patiently(assign, self._pace)
        return self._partitions[pool]

    def _store_batch(
        self, partition: int, events: list[AnyEvent | RawRecord]
    ) -> Iterator[Acknowledgement]:
        now = self._clock() if self._clock is not None else None
        # Encoded once: what is sent again after a lost reply is the same, and known by its key.
        items = [_item(event, now) for event in events]
        positions = _patiently(partial(self._publisher.publish, partition, items), self._pace)
        for event, position in zip(events, positions, strict=True):
            yield Acknowledgement(event.subject, event.id, event.time, partition, position)


def _item(event: AnyEvent | RawRecord, recorded: dt.datetime | None) -> tuple[bytes, bytes]:
    if isinstance(event, RawRecord):
        return f"{event.source}\0{event.id}".encode(), event.body
    if recorded is not None:
        event = msgspec.structs.replace(event, recordedtime=recorded)
    return f"{event.source}\0{event.id}".encode(), encode_event(event)


def _windows(
    events: Iterable[AnyEvent | RawRecord], pace: Pace
) -> Iterator[list[AnyEvent | RawRecord]]:
    window: list[AnyEvent | RawRecord] = []
    for event in events:
        if window and (len(window) == _WINDOW or pace.delay_s(event.time) > 0):
            yield window
            window = []
        if not pace.reach(event.time):
            return
        window.append(event)
    if window:
        yield window


def _patiently(call: Callable[[], _T], pace: Pace) -> _T:
    """Call until it succeeds, waiting longer each time; every call may be repeated.

    A full stream is waited for as long as it takes: its readers say when there is room.
    """
    back_off_s = _FIRST_BACK_OFF_S
    give_up_s = pace.now_s() + _PATIENCE_S
    while True:
        try:
            return call()
        except BackPressureError:
            give_up_s = pace.now_s() + _PATIENCE_S
        except ServerUnavailableError:
            if pace.now_s() > give_up_s:
                raise
        if not pace.wait(back_off_s):
            raise _StoppedError
        back_off_s = min(2 * back_off_s, _LONGEST_BACK_OFF_S)
