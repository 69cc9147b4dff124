"""Keeps the mirror equal to Redis: a scan, then the streams of changes, for ever."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import msgspec
import structlog
from redis.exceptions import RedisError

from dashboard.recorded import AwayError

if TYPE_CHECKING:
    from dashboard.hub import Hub
    from dashboard.metrics import ReadMetrics
    from dashboard.recorded import Recorded
    from dashboard.settings import Settings
    from dashboard.source import Position, Source

BLOCK_MS = 1_000
SLICE = 32
"""After so many forecasts whoever reads has a turn: a full batch would keep them for long."""
FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 2.0
LOOK_BACK_MS = 2_000
"""On a cluster a key is written a moment after its entry in changes: begin a little earlier."""

_log = structlog.get_logger(__name__)


class Follower:
    """The one task that feeds a hub."""

    def __init__(
        self,
        hub: Hub,
        source: Source,
        settings: Settings,
        metrics: ReadMetrics,
        recorded: Recorded | None = None,
    ) -> None:
        self._hub = hub
        self._source = source
        self._settings = settings
        self._metrics = metrics
        self._recorded = recorded
        self._positions: dict[int, Position] = {}
        self._until_s = 0.0
        self._taken = 0
        self._emptied = False
        """True while Redis has no key, though we hold matches: it lost what we still show."""

    def reconcile(self) -> None:
        """Compare every key with Redis again as soon as the changes at hand are read."""
        self._until_s = 0.0

    async def run(self) -> None:
        """Follow until cancelled; whatever goes wrong is logged, waited for and tried again."""
        wait_s = FIRST_WAIT_S
        while True:
            started_s = time.monotonic()
            try:
                await self._follow()
            except (RedisError, OSError) as error:
                _log.warning("mirror.redis_away", reason=str(error))
            except Exception:  # noqa: BLE001 - a fault must not end the following unseen
                _log.exception("mirror.failed")
            self._hub.lost()
            await self._recall()
            self._metrics.observe(self._hub)
            if time.monotonic() - started_s > LONGEST_WAIT_S:
                wait_s = FIRST_WAIT_S
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load only
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _follow(self) -> None:
        await self._take_positions()
        await self._fill()
        self._heard()
        while True:
            self._until_s = time.monotonic() + self._settings.reconcile_s
            while time.monotonic() < self._until_s:
                await self._hear_more()
            # Many keys take a while; what changes meanwhile is not to wait for them.
            filling = asyncio.create_task(self._fill())
            try:
                while not filling.done():
                    await self._hear_more()
                filling.result()
            finally:
                filling.cancel()

    async def _hear_more(self) -> None:
        await self._read_changes()
        self._heard()
        await asyncio.sleep(self._settings.pause_s)

    async def _recall(self) -> None:
        """While Redis was never heard: hold what Postgres recorded, which says how old it is."""
        if self._hub.filled or self._recorded is None:
            return
        newest_ms = 0
        try:
            async for raw, stored_ms in self._recorded.newest():
                await self._take_in_turn(raw)
                newest_ms = max(newest_ms, stored_ms)
        except AwayError as error:
            _log.warning("mirror.postgres_away", reason=str(error))
            return
        if newest_ms:
            self._hub.was_stored(newest_ms)
            self._hub.recalled(max(0.0, time.time() - newest_ms / 1000.0))
            _log.warning("mirror.recalled", matches=len(self._hub.mirror))

    def _heard(self) -> None:
        if self._emptied:
            self._hub.lost()
        else:
            self._hub.heard()
        self._metrics.observe(self._hub)

    async def _take_positions(self) -> None:
        """Keep each position over a reconnect, unless its stream begins anew below it."""
        for partition, (milliseconds, count) in (await self._source.last_positions()).items():
            self._hub.was_stored(milliseconds)
            held = self._positions.get(partition)
            if held is None or (milliseconds, count) < held:
                self._positions[partition] = (max(milliseconds - LOOK_BACK_MS, 0), 0)

    async def _fill(self) -> None:
        """Take every key in, and forget the matches whose keys are gone."""
        before = self._hub.mirror.ids()
        seen = await self._source.match_ids()
        older = []
        async for match_id, raw in self._source.bodies(seen):
            if raw is not None:
                await self._take_in_turn(raw)
                if self._hub.mirror.is_ahead_of(match_id, raw):
                    older.append(match_id)
        await self._look_for_older(older)
        emptied = not seen and bool(before)
        if emptied and not self._emptied:
            _log.warning("mirror.redis_emptied", matches_held=len(before))
        self._emptied = emptied
        if not seen:
            return  # a Redis that holds nothing at all was lost, not aged: keep what we have
        vanished = self._source.bodies(before - seen)
        # Asked once more by name: a scan may overlook what is written while it runs.
        self._hub.drop([match_id async for match_id, raw in vanished if raw is None])

    async def _look_for_older(self, match_ids: list[str]) -> None:
        """Count the matches of which Redis holds an older forecast than we do.

        Redis went back in time then. Asked once more: a change may have come between the key's
        reading and ours.
        """
        mirror, ahead = self._hub.mirror, 0
        async for match_id, raw in self._source.bodies(match_ids):
            ahead += raw is not None and mirror.is_ahead_of(match_id, raw)
        if ahead and not self._hub.ahead:
            _log.warning("mirror.redis_went_back", matches_held_newer=ahead)
        self._hub.ahead = ahead

    async def _read_changes(self) -> None:
        async for partition, position, raw in self._source.read(self._positions, BLOCK_MS):
            await self._take_in_turn(raw)
            self._positions[partition] = position
            self._hub.was_stored(position[0])

    async def _take_in_turn(self, raw: bytes) -> None:
        self._take(raw)
        self._taken += 1
        if self._taken % SLICE == 0:
            await asyncio.sleep(0)

    def _take(self, raw: bytes) -> None:
        try:
            self._hub.take(raw)
        except msgspec.DecodeError as error:
            self._metrics.unreadable.inc()
            _log.warning("mirror.unreadable", reason=str(error), size_bytes=len(raw))
