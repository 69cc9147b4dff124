"""How the server of reads collects garbage: little at a time, and all of it now and then."""

from __future__ import annotations

import gc
import time
import weakref
from typing import Any

from dashboard.hub import Hub
from dashboard.pauses import NEVER, short_pauses


class Knot:
    """Refers to itself, so that only the collector ends it."""

    def __init__(self) -> None:
        self.itself = self


async def is_frozen() -> bool:
    return gc.get_freeze_count() > 0


async def test_what_the_mirror_holds_is_set_aside_once_it_is_filled(until: Any) -> None:
    hub = Hub(time.monotonic)
    before = gc.get_threshold()

    async with short_pauses(hub):
        during = gc.get_threshold()
        hub.heard()
        await until(is_frozen)

    assert during[2] == NEVER
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


async def test_a_cycle_that_grew_old_is_found_all_the_same(until: Any) -> None:
    hub = Hub(time.monotonic)
    hub.heard()

    async with short_pauses(hub, full_every_s=0.2):
        await until(is_frozen)  # a cycle that was there before is set aside with the rest
        knot = Knot()
        gc.collect(1)  # twice: it is among the oldest then
        gc.collect(1)
        gone = weakref.ref(knot)
        del knot

        async def is_gone() -> bool:
            return gone() is None

        await until(is_gone)
