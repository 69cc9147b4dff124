"""Latency from outside: from just before an event is sent to when its forecast can be read.

A process of its own follows the changes streams, which a commit writes together with the cache, and
notes when it sees the forecast of an event. Both sides read the system's monotonic clock. So the
figure holds the publishing of the event and the notice to the reader too.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import redis
from msgspec import Struct

from benchmarks import processes
from benchmarks.follow import Follower
from schemas.events import encode_event
from schemas.keys import CHANGES, stream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from benchmarks.stage import Stage
    from schemas.events import AnyEvent

_GRACE_S = 1.0
_MOST_ENTRIES = 1000
_BLOCK_MS = 200


class Latency(Struct, frozen=True):
    """What a paced run showed; CPU in µs an event, by part, and the host's share of the cores."""

    asked_events_s: float
    sent_events_s: float
    forecasts: int
    p50_ms: float
    p99_ms: float
    cpu_us: dict[str, float]
    stolen_share: float


class _Cause(Struct):
    event_id: str


class _Seen(Struct):
    cause: _Cause


_decoder = msgspec.json.Decoder(_Seen)


def measure(stage: Stage, events: Sequence[AnyEvent], events_s: float) -> Latency:
    """Publish *events* one by one at *events_s* a second and note when each is forecast."""
    items = [
        (stage.publisher.assign(event.partitionkey), (event.id.encode(), encode_event(event)))
        for event in events
    ]
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    settings = stage.settings
    names = [stream(settings.namespace, part, CHANGES) for part in range(settings.partitions)]
    watcher = multiprocessing.get_context("spawn").Process(
        target=_watch, args=(str(settings.redis), names, theirs), daemon=True
    )
    watcher.start()
    ours.recv()
    cpu_s, stolen_s = processes.cpu_of(stage.pids), processes.stolen_s()
    sent_s, seconds = _send(stage, items, events_s)
    cpu_s = processes.cpu_since(cpu_s, stage.pids)
    stolen_s = processes.stolen_s() - stolen_s
    time.sleep(_GRACE_S)
    ours.send(None)
    seen_s: dict[str, float] = ours.recv()
    watcher.join()
    took_ms = [
        1000.0 * (seen_s[event.id] - sent)
        for event, sent in zip(events, sent_s, strict=True)
        if event.id in seen_s
    ]
    p50, p99 = np.percentile(took_ms, (50, 99))
    return Latency(
        asked_events_s=events_s,
        sent_events_s=len(items) / seconds,
        forecasts=len(took_ms),
        p50_ms=float(p50),
        p99_ms=float(p99),
        cpu_us={part: 1e6 * spent / len(items) for part, spent in cpu_s.items()},
        stolen_share=stolen_s / seconds / (os.cpu_count() or 1),
    )


def _send(
    stage: Stage, items: Sequence[tuple[int, tuple[bytes, bytes]]], events_s: float
) -> tuple[list[float], float]:
    sent_s = []
    began_s = time.monotonic()
    for number, (partition, item) in enumerate(items):
        ahead_s = began_s + number / events_s - time.monotonic()
        if ahead_s > 0:
            time.sleep(ahead_s)
        sent_s.append(time.monotonic())
        stage.publisher.publish(partition, [item])
    return sent_s, time.monotonic() - began_s


def _watch(url: str, names: Sequence[str], pipe: Connection[Any, Any]) -> None:
    follower = Follower(redis.Redis.from_url(url), names, count=_MOST_ENTRIES)
    follower.skip()
    seen_s: dict[str, float] = {}
    pipe.send("ready")
    while not pipe.poll():
        for _, entries in follower.read(_BLOCK_MS):
            now_s = time.monotonic()
            for _, fields in entries:
                seen_s.setdefault(_decoder.decode(fields[b"e"]).cause.event_id, now_s)
    pipe.send(seen_s)
