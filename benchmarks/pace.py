"""Publishes events of the mix at a steady pace, in a thread of its own, and notes when."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from schemas.events import encode_event

if TYPE_CHECKING:
    from benchmarks.mix import Mix
    from benchmarks.stage import Stage


class Pace:
    """A context: events flow within the block."""

    def __init__(self, stage: Stage, load: Mix, events_s: float) -> None:
        self.sent_s: dict[str, float] = {}
        """When each event was sent, by its id, in seconds of the monotonic clock."""
        self._stage, self._load, self._events_s = stage, load, events_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pace", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        began_s = time.monotonic()
        for number, event in enumerate(self._load):
            ahead_s = began_s + number / self._events_s - time.monotonic()
            if self._stop.wait(max(ahead_s, 0.0)):
                return
            partition = self._stage.publisher.assign(event.partitionkey)
            item = (event.id.encode(), encode_event(event))
            self.sent_s[event.id] = time.monotonic()
            self._stage.publisher.publish(partition, [item])
