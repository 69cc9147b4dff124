"""The clock folds in: the minute of a match, or the start of a pool's day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from features.checkpoints import WINDOW
from features.checks import match_of, said_at
from features.ledger import begin_day, settled
from features.state import Clock
from schemas.errors import RejectedEventError

if TYPE_CHECKING:
    import datetime as dt

    from features.world import World
    from schemas.events import ClockTick

RETENTION = WINDOW + timedelta(days=7)
"""A match is kept for so long after kick-off, that late results find it and are counted."""

MOST_AHEAD = timedelta(days=1)
"""A day begins somewhere before it does in UTC. A far one would make a pool forget its matches."""

POSTPONED_RETENTION = timedelta(days=365)
"""A postponed match waits for so long to be played."""


def clock_tick(world: World, event: ClockTick) -> tuple[str, ...]:
    """A minute of a live match passed, or a pool's day began.

    Raises:
        RejectedEventError: When it is both or neither, or its subject does not fit.
    """
    data = event.data
    if (data.minute is None) == (data.day is None):
        raise RejectedEventError("a tick tells either a minute or a day, exactly one of the two")
    if data.minute is not None:
        return _minute(world, event, data.minute)
    if event.subject:
        raise RejectedEventError(f"a pool's day is not about one match, here {event.subject}")
    if data.day is None:
        return ()
    if data.day > event.time.date() + MOST_AHEAD:
        raise RejectedEventError(f"{data.day} has begun nowhere yet at {event.time}")
    return _day(world, event.partitionkey, data.day)


def _minute(world: World, event: ClockTick, minute: int) -> tuple[str, ...]:
    """The newest word on the minute stands, also when it goes back."""
    match = match_of(world, event)
    at = said_at(event)
    clock = Clock(at, minute, event.data.stoppage)
    if match.clock is not None and clock <= match.clock:
        return ()
    match.clock = clock
    match.started_at = at if match.started_at is None else max(at, match.started_at)
    return settled(world, match)


def _day(world: World, name: str, day: dt.date) -> tuple[str, ...]:
    """Move what all teams of the pool share by the results since its last day.

    All open matches of the pool may change by that. Matches long past are forgotten.
    """
    pool = world.pool(name)
    if pool.day is not None and day <= pool.day:
        return ()
    moved = begin_day(world, pool, day)
    _forget(world, name, day)
    return tuple(world.open_in_pool(name)) if moved else ()


def _forget(world: World, name: str, day: dt.date) -> None:
    """Forget the matches of which nothing more is to come; look at the others again later."""
    for match in world.past(name, day - RETENTION):
        waits = POSTPONED_RETENTION if match.status == "postponed" else RETENTION
        last = match.kick_off.date()
        if match.folded is not None:
            last = max(last, match.folded.kick_off.date())
        if last < day - waits:
            world.forget(match)
        else:
            world.file(match, last + (waits - RETENTION))
