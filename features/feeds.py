"""Feeds fold in: which sources are silent, and which matches hang on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.checks import match_of, utc
from features.state import FeedMark, MatchState
from schemas.events import FeedHeartbeat, FeedSilent, FeedState, FeedStatus

if TYPE_CHECKING:
    from features.state import PoolState
    from features.world import World

_SILENT = {FeedState.ALIVE: False, FeedState.RECOVERED: False, FeedState.GAP: True}


def is_stale(pool: PoolState, match: MatchState) -> bool:
    """A source of this match is silent; a match that is over needs none."""
    if match.over:
        return False
    feeds = pool.feeds
    return any((mark := feeds.get(source)) is not None and mark.silent for source in match.sources)


def heard(world: World, match: MatchState, source: str) -> bool:
    """Note that *source* speaks of *match*, which from now on is stale whenever it is silent.

    Being mentioned is no sign of life: a silent feed is fresh again by heartbeat or status only.
    """
    if source in match.sources:
        return False
    match.sources = sorted([*match.sources, source])
    match.stale = is_stale(world.pool(match.pool), match)
    return True


def feed_heartbeat(world: World, event: FeedHeartbeat) -> tuple[str, ...]:
    """The event's source is alive."""
    return _mark(world, event, event.source, silent=False)


def feed_status(world: World, event: FeedStatus) -> tuple[str, ...]:
    """The event's source has a gap (its matches are stale) or recovered; unknown says nothing."""
    silent = _SILENT.get(event.data.state)
    if silent is None:
        _known(world, event)
        return ()
    return _mark(world, event, event.source, silent=silent)


def feed_silent(world: World, event: FeedSilent) -> tuple[str, ...]:
    """The named source says nothing: its matches are stale."""
    return _mark(world, event, event.data.silent_source, silent=True)


def _known(world: World, event: FeedHeartbeat | FeedStatus | FeedSilent) -> None:
    if event.subject:
        match_of(world, event)


def _mark(
    world: World, event: FeedHeartbeat | FeedStatus | FeedSilent, source: str, *, silent: bool
) -> tuple[str, ...]:
    """Take the newer word on *source*, and return the open matches whose quality it changes."""
    _known(world, event)
    at = utc(event.time, "time")
    pool = world.pools.get(event.partitionkey)
    if pool is None:
        return ()
    mark = pool.feeds.get(source)
    if mark is not None and (mark.at, mark.silent) >= (at, silent):
        return ()
    pool.feeds = {**pool.feeds, source: FeedMark(at, silent)}
    world.keep_pool(pool)
    if mark is not None and mark.silent == silent:
        return ()
    return tuple(_turned(world, pool, source))


def _turned(world: World, pool: PoolState, source: str) -> list[str]:
    turned = []
    for match_id in world.open_in_pool(pool.pool):
        match = world.matches[match_id]
        if source in match.sources and (stale := is_stale(pool, match)) != match.stale:
            match.stale = stale
            world.keep_match(match)
            turned.append(match_id)
    return turned
