"""What a source without ids of its own changed in what it told before: corrections, told as new.

A table of results is read whole each time. Most of it was told before, under the same ids, and is
stored once. Where a row now says something else, the id is taken; so it is told under a new id, at
the time when it was read, which outbids what the row said then.
"""

from __future__ import annotations

import datetime as dt
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec
from msgspec import Struct

from schemas.events import (
    AnyEvent,
    FixtureScheduled,
    MatchFinished,
    MatchStatistics,
    OddsChanged,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Contents: TypeAlias = dict[str, str]
"""From what follows the match's name in an event's id to the digest of what it told."""

REMEMBERED: Final = dt.timedelta(days=60)
"""Of matches that kicked off longer before the newest one, no correction would count any more."""

_CORRECTABLE = (FixtureScheduled, OddsChanged, MatchStatistics, MatchFinished)
_DIGEST_BYTES = 6


class Read(Struct):
    """A reading of a source, beside what was told of its matches before.

    ``events`` are as they always are; ``corrections`` go after them. ``first`` and ``anew`` are the
    digests to remember: those of what is told for the first time before it is published, lest a
    correction to it be missed, and those of corrections after, lest one be lost.
    """

    events: list[AnyEvent]
    corrections: list[AnyEvent]
    first: dict[str, Contents]
    anew: dict[str, Contents]
    past: list[str]
    """Matches told of before that are no longer recent."""


def compare(events: Iterable[AnyEvent], told: Mapping[str, Contents], read_at: dt.datetime) -> Read:
    """Find what *events*, all that a source tells, corrects of what it *told* before, by match.

    Starts and half-times are not corrected: the result says all that they did.
    """
    read = Read(list(events), [], {}, {}, [])
    recent, every = _recent(read.events), {event.subject for event in read.events}
    read.past = sorted((every & told.keys()) - recent)
    for event in read.events:
        if event.subject not in recent or not isinstance(event, _CORRECTABLE):
            continue
        part = event.id.removeprefix(event.subject)
        digest = _digest(event)
        known = told.get(event.subject, {}).get(part)
        if known is None:
            read.first.setdefault(event.subject, {})[part] = digest
        elif known != digest:
            read.anew.setdefault(event.subject, {})[part] = digest
            read.corrections.append(_correction(event, read_at))
    return read


def _recent(events: list[AnyEvent]) -> set[str]:
    kick_offs = {
        event.subject: event.data.kick_off
        for event in events
        if isinstance(event, FixtureScheduled)
    }
    newest = max(kick_offs.values(), default=None)
    return {
        match_id
        for match_id, kick_off in kick_offs.items()
        if newest is not None and kick_off >= newest - REMEMBERED
    }


def _digest(event: AnyEvent) -> str:
    return blake2b(msgspec.json.encode(event.data), digest_size=_DIGEST_BYTES).hexdigest()


def _correction(event: AnyEvent, read_at: dt.datetime) -> AnyEvent:
    """The same, told when it was read; prices keep their time, and outbid by their version.

    A price's time says how old it is beside other bookmakers', whenever it was written down.
    """
    name = f"{event.id}:read:{read_at:%Y%m%dT%H%M%S}"
    if isinstance(event, OddsChanged):
        data = msgspec.structs.replace(event.data, market_version=int(read_at.timestamp()))
        return msgspec.structs.replace(event, id=name, data=data)
    return msgspec.structs.replace(event, id=name, time=max(event.time, read_at))
