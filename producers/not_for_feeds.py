"""What a feed may not say from outside, however well-formed it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from producers.clock.watch import CLOCK
from producers.faults import Fault
from producers.publish import CONTROL_SOURCE
from schemas.events import FeedSilent, FixtureScheduled, ModelPromoted, ModelRolledBack, type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.competitions import Competition
    from schemas.events import AnyEvent


def refusal(event: AnyEvent, competitions: Mapping[str, Competition]) -> Fault | None:
    """Why a feed may not publish this; None where it may.

    Models are promoted by operators, silence is noticed by the clock, and nobody may use up the ids
    of these two: an id that is known is not stored a second time.
    """
    if isinstance(event, ModelPromoted | ModelRolledBack):
        return Fault("type", f"{type_name(event)} is an operator's: see sabiscore models")
    if isinstance(event, FeedSilent):
        return Fault("type", "feed.silent is said by the clock; say feed.status instead")
    if event.source in {CLOCK, CONTROL_SOURCE}:
        return Fault("source", f"{event.source!r} is a name of ours; take one of your own")
    if isinstance(event, FixtureScheduled):
        known = competitions.get(event.data.competition)
        if known is not None and known.pool != event.partitionkey:
            reason = f"competition {event.data.competition} is in pool {known.pool}"
            return Fault("partitionkey", f"{reason}, not in {event.partitionkey}")
    return None
