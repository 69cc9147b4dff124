"""How far the agents are behind the streams that they read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import redis

from agents import archive, forecast, record, shadow
from schemas.keys import CHANGES, EVENTS, cursor, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from commands.settings import Settings

READS = {forecast.APP: EVENTS, record.APP: CHANGES, archive.APP: EVENTS, shadow.APP: EVENTS}
"""Which topic each agent reads."""


def behind(client: redis.Redis, settings: Settings, app: str) -> int:
    """Count the partitions in which *app* has not committed the last entry of its stream."""
    pipe = client.pipeline(transaction=False)
    for partition in range(settings.partitions):
        pipe.xrevrange(stream(settings.namespace, partition, READS[app]), count=1)
        pipe.hget(cursor(settings.namespace, partition, app), "position")
    replies = pipe.execute()
    return sum(
        1
        for entries, position in zip(replies[::2], replies[1::2], strict=True)
        if entries and entries[0][0] != position
    )


def wait(
    client: redis.Redis, settings: Settings, apps: Iterable[str], check: Callable[[], None]
) -> None:
    """Return once each of *apps*, in this order, has committed all there is to read.

    *check* is called while waiting, and may raise to give up.
    """
    for app in apps:
        while behind(client, settings, app):
            check()
            time.sleep(0.05)


def connect(url: str) -> redis.Redis:
    """Open a plain client that speaks bytes, for looking at streams from outside."""
    return redis.Redis.from_url(url)
