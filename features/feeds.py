"""Feeds fold in: which sources are silent, and which matches hang on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.checks import match_of, room, said_at
from features.ledger import settled
from features.market import market_of
from features.play import is_stale
from features.state import FeedMark, MatchState
from schemas.errors import RejectedEventError
from schemas.events import FeedHeartbeat, FeedSilent, FeedState, FeedStatus

if TYPE_CHECKING:
    from features.state import PoolState
    from features.world import World

MOST_SOURCES = 32
"""No match is told of by more sources, and no pool by eight times as many."""

_SILENT = {FeedState.ALIVE: False, FeedState.RECOVERED: False, FeedState.GAP: True}


def heard(world: World, match: MatchState, source: str) -> bool:
    """Note that *source* speaks of *match*, which may from now on be stale when it is silent.

    Being mentioned is no sign of life: a silent feed is fresh again by heartbeat or status only.

    Raises:
        RejectedEventError: When more sources speak of the match than any match has.
    """
    if source in match.sources:
        return False
    room(match, match.sources, MOST_SOURCES, "sources")
    match.sources = sorted([*match.sources, source])
    match.stale = is_stale(match, world.pool(match.pool).feeds)
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
    at = said_at(event)
    pool = world.pools.get(event.partitionkey)
    if pool is None:
        return ()
    mark = pool.feeds.get(source)
    if mark is not None and (mark.at, mark.silent) >= (at, silent):
        return ()
    if mark is None and len(pool.feeds) >= 8 * MOST_SOURCES:
        raise RejectedEventError(f"pool {pool.pool} already knows {8 * MOST_SOURCES} sources")
    pool.feeds = {**pool.feeds, source: FeedMark(at, silent)}
    world.keep_pool(pool)
    if mark is not None and mark.silent == silent:
        return ()
    return tuple(_turned(world, pool, source))


def _turned(world: World, pool: PoolState, source: str) -> list[str]:
    """Hand over to and from *source* in its open matches; returns those that this changes."""
    turned = []
    for match_id in world.open_in_pool(pool.pool):
        match = world.matches[match_id]
        if source not in match.sources:
            continue
        before = _seen(match)
        settled(world, match)
        match.market = market_of(match, pool.feeds)
        if _seen(match) != before:
            turned.append(match_id)
    return turned


def _seen(match: MatchState) -> tuple[object, ...]:
    score = match.minute, match.home_score, match.away_score, match.home_reds, match.away_reds
    return match.status, match.stale, match.degraded, match.market, *score
