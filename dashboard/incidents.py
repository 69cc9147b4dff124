"""What happened on the pitch, whether it moved the forecast or not. Pure."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
from typing import TYPE_CHECKING

from msgspec import Struct

from schemas.errors import MalformedEventError
from schemas.events import MatchIncident, Operation, decode_event

if TYPE_CHECKING:
    from collections.abc import Iterable


class Incident(Struct, frozen=True, kw_only=True):
    """One incident as it stands; ``event_id`` names the event that said so, ``at`` when."""

    incident_id: str
    event_id: str
    at: dt.datetime
    kind: str
    side: str
    minute: int
    stoppage: int
    player: str


class Incidents(Struct, frozen=True, kw_only=True):
    """Of the source that tells most of the match; ``complete`` is false where nobody could say."""

    match_id: str
    source: str | None
    complete: bool
    incidents: list[Incident]


def standing(match_id: str, bodies: Iterable[bytes]) -> Incidents:
    """Tell which incidents stand, by when they were first told, after all events of a match.

    Of each incident the highest revision counts, and of two of one number the earlier, as in the
    fold. Bodies that are no events say nothing.
    """
    told: dict[str, dict[str, MatchIncident]] = {}
    for body in bodies:
        try:
            event = decode_event(body)
        except MalformedEventError:
            continue
        if not isinstance(event, MatchIncident):
            continue
        known = told.setdefault(event.source, {})
        held = known.get(event.data.incident_id)
        if held is None or _rank(event) > _rank(held):
            known[event.data.incident_id] = event
    if not told:
        return Incidents(match_id=match_id, source=None, complete=True, incidents=[])
    source = max(told, key=lambda name: (len(told[name]), name))
    found = [
        _incident(event)
        for event in told[source].values()
        if event.data.op is not Operation.RETRACT
    ]
    found.sort(key=lambda each: (each.at, each.incident_id))
    return Incidents(match_id=match_id, source=source, complete=True, incidents=found)


def _rank(event: MatchIncident) -> tuple[int, float]:
    return event.data.revision, -event.time.timestamp()


def _incident(event: MatchIncident) -> Incident:
    data = event.data
    return Incident(
        incident_id=data.incident_id,
        event_id=event.id,
        at=event.time,
        kind=data.kind.value,
        side=data.side.value,
        minute=data.minute,
        stoppage=data.stoppage,
        player=data.player,
    )
