"""Which of several sources is in force: the first by priority that is not silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from features.state import FeedMark

PRIORITY: tuple[str, ...] = ("incidents", "betfair", "football-data", "simulate")
"""Sources from the most to the least trusted; those not named come after, by name."""

_RANKS = {source: rank for rank, source in enumerate(PRIORITY)}


def priority(source: str) -> tuple[int, str]:
    """Smaller is more trusted."""
    return _RANKS.get(source, len(PRIORITY)), source


def silent(source: str, feeds: Mapping[str, FeedMark]) -> bool:
    """The newest word on this source is that it says nothing."""
    mark = feeds.get(source)
    return mark is not None and mark.silent


def in_force(sources: Iterable[str], feeds: Mapping[str, FeedMark]) -> str | None:
    """The source that counts: the first that is not silent; the first of all where all are."""
    best: tuple[bool, int, str] | None = None
    for source in sources:
        rank = silent(source, feeds), _RANKS.get(source, len(PRIORITY)), source
        if best is None or rank < best:
            best = rank
    return None if best is None else best[2]


def handed_over(sources: Iterable[str], chosen: str, feeds: Mapping[str, FeedMark]) -> bool:
    """A more trusted source than the one in force is silent."""
    own = priority(chosen)
    return any(priority(source) < own and silent(source, feeds) for source in sources)
