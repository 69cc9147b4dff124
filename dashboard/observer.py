"""Looks about once a second how the whole system is, so that ``/v1/status`` reads memory only."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError

from dashboard.feeds import FeedRow, Feeds

if TYPE_CHECKING:
    from dashboard.gauge import Gauge, Look

LOOKS = 10
"""Rates are means over so many looks."""

_log = structlog.get_logger(__name__)


class Observer:
    """The newest look, and what follows from the looks before."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._looks: deque[Look] = deque(maxlen=LOOKS + 1)
        self._feeds = Feeds()
        self._looked_s: float | None = None

    async def run(self, pause_s: float) -> None:
        """Look again and again until cancelled; while Redis is away the last look stands."""
        while True:
            try:
                await self.look()
            except (RedisError, OSError) as error:
                _log.debug("status.redis_away", reason=str(error))
            except Exception:  # noqa: BLE001 - a fault must not end the looking unseen
                _log.exception("status.failed")
            await asyncio.sleep(pause_s)

    async def look(self) -> None:
        """Ask Redis once.

        Raises:
            RedisError: When it does not answer.
        """
        self._looks.append(await self._gauge.look())
        async for stored_ms, raw in self._gauge.new_events():
            self._feeds.hear(stored_ms, raw)
        self._looked_s = time.monotonic()

    @property
    def newest(self) -> Look | None:
        """What Redis said last; none when it never answered."""
        return self._looks[-1] if self._looks else None

    @property
    def looked_ago_s(self) -> float | None:
        """How old the newest look is."""
        return None if self._looked_s is None else time.monotonic() - self._looked_s

    def feeds(self) -> list[FeedRow]:
        """Every feed that was heard."""
        newest = self.newest
        if newest is None:
            return []
        return self._feeds.rows(newest.now_ms + 1000.0 * (self.looked_ago_s or 0.0))

    def rate(self, what: str) -> float:
        """Entries a second that the streams of *what* (``events`` or ``changes``) got lately."""
        if len(self._looks) < 2:  # noqa: PLR2004 - a rate needs two looks
            return 0.0
        first, last = self._looks[0], self._looks[-1]
        seconds = (last.now_ms - first.now_ms) / 1000.0
        gained = _total(last, what) - _total(first, what)
        return round(max(gained, 0) / seconds, 1) if seconds > 0 else 0.0


def _total(look: Look, what: str) -> int:
    return sum(getattr(row, what) for row in look.partitions)
