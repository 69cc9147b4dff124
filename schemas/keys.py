"""The names of our keys in Redis; those of the transport are in `faust_redis.keys`."""

from __future__ import annotations

LIVE = "sabi"
"""The namespace of what is live; a replay or a backtest has its own."""

EVENTS = "events"
STATE = "state"
SHADOW = "shadow"
"""The state as a challenger folded it, beside the champion's."""

CHANGES = "changes"
DEAD = "dead"


def stream(namespace: str, partition: int, topic: str) -> str:
    """The stream of one topic's partition, such as ``sabi:{3}:events``."""
    return f"{namespace}:{{{partition}}}:{topic}"


def cursor(namespace: str, partition: int, app: str) -> str:
    """The hash with an app's committed offset, owner token and epoch."""
    return f"{namespace}:{{{partition}}}:cursor:{app}"


def prediction(namespace: str, match_id: str) -> str:
    """The newest forecast of a match as JSON; live ones have no namespace, for other readers."""
    return f"pred:{match_id}" if namespace == LIVE else f"{namespace}:pred:{match_id}"


def prediction_prefix(namespace: str) -> str:
    """What every key of :func:`prediction` in a namespace begins with."""
    return prediction(namespace, "")


def pools(namespace: str) -> str:
    """The hash from pool to partition."""
    return f"{namespace}:pools"


def clock_leader(namespace: str) -> str:
    """The lease of the one clock that ticks."""
    return f"{namespace}:clock:leader"


def told(namespace: str, source: str) -> str:
    """The hash from match to digests of what a source without ids told of it."""
    return f"{namespace}:told:{source}"
