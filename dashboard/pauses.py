"""Keeps the garbage collector from stopping the reads while clients wait.

With thousands of stream clients a full collection walks a million objects, stops everything for
half a second, and finds nothing: what lives for long here ends by its reference count. So what is
held after the mirror was filled is never walked again, and full collections are rare.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dashboard.hub import Hub

YOUNG, MIDDLE, NEVER = 5_000, 10, 1_000_000
"""How many objects more than before make a collection of the youngest; of the others, in turns."""
FULL_EVERY_S = 600.0
"""So often we look for cycles that grew old: of connections that broke, mostly."""
_LOOK_S = 0.1


@contextlib.asynccontextmanager
async def short_pauses(hub: Hub, full_every_s: float = FULL_EVERY_S) -> AsyncIterator[None]:
    """Within the block this process collects little at a time."""
    thresholds = gc.get_threshold()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    task = asyncio.create_task(_collect(hub, full_every_s))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        gc.unfreeze()
        gc.set_threshold(*thresholds)


async def _collect(hub: Hub, full_every_s: float) -> None:
    """Set aside what was held once the mirror is filled; then look for cycles, for ever."""
    while not hub.filled:  # noqa: ASYNC110 - once at start, and the hub need not know
        await asyncio.sleep(_LOOK_S)
    gc.collect()
    gc.freeze()
    while True:
        await asyncio.sleep(full_every_s)
        gc.collect()
