"""What is refused before anything is changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from schemas.errors import RejectedEventError

if TYPE_CHECKING:
    from collections.abc import Sized

    from features.state import MatchState
    from features.world import World
    from schemas.events import Event

_YEARS = range(1870, 2200)
_HOPS = 8


def match_of(world: World, event: Event) -> MatchState:
    """The match that *event* is about: its fixture's new id where it was given one.

    Raises:
        RejectedEventError: When it names none, an unknown one, or one of another pool.
    """
    match = world.matches.get(event.subject)
    if match is None:
        if not event.subject:
            raise RejectedEventError("the event names no match: its subject is empty")
        raise RejectedEventError(
            f"match {event.subject} is unknown; a fixture.scheduled must come first"
        )
    if match.pool != event.partitionkey:
        raise RejectedEventError(
            f"match {match.match_id} belongs to pool {match.pool}, not to {event.partitionkey}"
        )
    return match if not match.rekeyed_to else current(world, match)


def current(world: World, match: MatchState) -> MatchState:
    """The match under the newest id of its fixture."""
    for _ in range(_HOPS):
        after = world.matches.get(match.rekeyed_to)
        if after is None:
            break
        match = after
    return match


def said_at(event: Event) -> datetime:
    """When the event's source said so, in UTC; never later than we received it.

    A feed whose clock is ahead of ours would otherwise outbid, for a while, all that others say.

    Raises:
        RejectedEventError: When it lies outside the years in which football is played.
    """
    time, received = event.time, event.recordedtime
    if received is not None and time > received:
        time = received
    return utc(time, "time")


def room(match: MatchState, held: Sized, most: int, what: str) -> None:
    """Check that a match can hold one more of something, so that no feed can fill our memory.

    Raises:
        RejectedEventError: When it holds as many as any match has.
    """
    if len(held) >= most:
        raise RejectedEventError(f"match {match.match_id} already has {most} {what}, the most kept")


def utc(instant: datetime, what: str) -> datetime:
    """The same instant in UTC, so that equal instants are written alike.

    Raises:
        RejectedEventError: When it lies outside the years in which football is played.
    """
    if instant.year not in _YEARS:
        raise RejectedEventError(f"{what} lies in the year {instant.year}; that cannot be")
    return instant if instant.tzinfo is UTC else instant.astimezone(UTC)


def both_or_neither(home: int | None, away: int | None, what: str) -> None:
    """Check that a score is whole.

    Raises:
        RejectedEventError: When only one side of it is there.
    """
    if (home is None) != (away is None):
        raise RejectedEventError(f"the {what} gives the goals of one side only")
