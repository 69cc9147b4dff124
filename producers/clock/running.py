"""The shell: hears the streams, and while it leads publishes what is due."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any

import redis

from producers.clock.deciding import decide
from producers.clock.lease import Lease
from producers.clock.watch import LONGEST, Watch
from producers.pace import Pace
from producers.publish import publish
from schemas.errors import MalformedEventError
from schemas.events import decode_event
from schemas.keys import EVENTS, clock_leader, pools, stream

if TYPE_CHECKING:
    import threading

    from producers.publish import EventPublisher

_log = logging.getLogger(__name__)

_PAGE_ENTRIES = 1000
_LOOK_S = 1.0


class Clock:
    """One clock of possibly several: all of them listen, the one with the lease speaks."""

    def __init__(
        self,
        client: redis.Redis,
        publisher: EventPublisher,
        *,
        namespace: str,
        partitions: int,
        silent_after: dt.timedelta,
        lease_s: float,
    ) -> None:
        self._client = client
        self._publisher = publisher
        self._namespace = namespace
        self._silent_after = silent_after
        self._lease = Lease(client, clock_leader(namespace), lease_s)
        self._watch = Watch()
        self._heard = {stream(namespace, number, EVENTS): b"" for number in range(partitions)}
        self._said: set[str] = set()

    def look(self, now: dt.datetime) -> int:
        """Hear what is new; where we lead, publish what is due at *now* and return how much."""
        self._listen(now)
        if not self._lease.take():
            return 0
        # Known pools only: a pool's name on no stream has nobody to tell the day to.
        names = [name.decode() for name in self._client.hkeys(pools(self._namespace))]  # type: ignore[union-attr]
        watch = self._watch
        due = decide(
            now,
            watch.matches.values(),
            watch.last_heard,
            names,
            self._silent_after,
            watch.spoke_again,
        )
        fresh = [event for event in due if event.id not in self._said]
        count = sum(1 for _ in publish(fresh, self._publisher, pace=Pace()))
        # What is due no more is not due again: ids hold the minute, the day or the last word.
        self._said = {event.id for event in due}
        return count

    def stop(self) -> None:
        """Let another clock lead at once."""
        self._lease.give_back()

    def _listen(self, now: dt.datetime) -> None:
        since = f"{round((now - LONGEST).timestamp() * 1000)}"
        for key, last in self._heard.items():
            after = b"(" + last if last else since.encode()
            while page := self._page(key, after):
                for entry_id, fields in page:
                    self._hear(entry_id, fields)
                self._heard[key] = page[-1][0]
                after = b"(" + page[-1][0]
        self._watch.forget(now)

    def _page(self, key: str, after: bytes) -> list[tuple[bytes, dict[bytes, bytes]]]:
        page: Any = self._client.xrange(key, min=after, count=_PAGE_ENTRIES)
        return list(page)

    def _hear(self, entry_id: bytes, fields: dict[bytes, bytes]) -> None:
        milliseconds = int(entry_id.partition(b"-")[0])
        try:
            event = decode_event(fields.get(b"e", b""))
        except MalformedEventError:
            return  # The agents set it aside, with the reason.
        self._watch.hear(event, dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC))


def run(clock: Clock, stop: threading.Event) -> int:
    """Look once a second until *stop*; return how many events were published.

    A server that is away is waited for: when it is back, the newest minutes are told.
    """
    count = 0
    try:
        while not stop.wait(_LOOK_S):
            try:
                count += clock.look(dt.datetime.now(dt.UTC))
            except redis.ConnectionError as error:
                _log.warning("the clock cannot reach the server, and tries again: %s", error)
    finally:
        try:
            clock.stop()
        except redis.ConnectionError:
            _log.info("the server is away: the clock's lease ends by itself")
    return count
