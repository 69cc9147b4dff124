"""How fast a feed plays: event time against real time, and a way to stop it."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from schemas.errors import SettingsError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable


class Pace:
    """Plays event time *speed* times as fast as real time, from the first event on.

    ``stop`` ends every wait at once; with a speed of infinity there are none.
    """

    def __init__(
        self,
        speed: float = math.inf,
        *,
        stop: threading.Event | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not speed > 0:
            raise SettingsError(f"a speed of {speed} does not move: give a number above 0, or max")
        self.stop = threading.Event() if stop is None else stop
        self._speed = speed
        self._monotonic = monotonic
        self._start: tuple[dt.datetime, float] | None = None

    def delay_s(self, instant: dt.datetime) -> float:
        """Seconds of real time until *instant*, 0 where it has been reached."""
        if math.isinf(self._speed):
            return 0.0
        if self._start is None:
            self._start = instant, self._monotonic()
        first, began = self._start
        due = began + (instant - first).total_seconds() / self._speed
        return max(0.0, due - self._monotonic())

    def now_s(self) -> float:
        """Seconds on the clock that waits are measured by."""
        return self._monotonic()

    def reach(self, instant: dt.datetime) -> bool:
        """Wait until *instant*; false when stopped first."""
        return self.wait(self.delay_s(instant))

    def wait(self, seconds: float) -> bool:
        """Wait in real time; false when stopped first."""
        # A wait may be as long as a summer, longer than one call can take.
        while seconds > threading.TIMEOUT_MAX:
            if self.stop.wait(threading.TIMEOUT_MAX):
                return False
            seconds -= threading.TIMEOUT_MAX
        return not (self.stop.wait(seconds) if seconds > 0 else self.stop.is_set())
