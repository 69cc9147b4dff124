"""Events: CloudEvents 1.0 in structured JSON, decoded by one tagged union.

An event's ``type`` is its tag on the wire. ``subject`` is the match id (empty where an event is
about a whole pool or about every match), ``partitionkey`` the pool. Three clocks never mix:
``time`` (it happened), ``recordedtime`` (we received it), stream order (we stored it).
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from schemas.errors import MalformedEventError
from schemas.event_data import (
    ClockTickData,
    FeedHeartbeatData,
    FeedSilentData,
    FeedStatusData,
    FixtureChangedData,
    FixtureScheduledData,
    MatchFinishedData,
    MatchIncidentData,
    MatchPeriodData,
    MatchSnapshotData,
    MatchStartedData,
    MatchStatisticsData,
    ModelPromotedData,
    ModelRolledBackData,
    OddsChangedData,
    OddsSuspendedData,
)
from schemas.event_words import (
    MAYBE_SLUG,
    SLUG,
    Count,
    FeedState,
    FixtureStatus,
    Goals,
    IncidentKind,
    Instant,
    Market,
    MaybeSeenSlug,
    Minute,
    OddsPhase,
    OpenEnum,
    Operation,
    Period,
    Price,
    Revision,
    SeenSlug,
    Side,
    Slug,
    Text,
)

__all__ = [
    "EARLIEST",
    "EVENT_TYPES",
    "LATEST",
    "MAX_EVENT_BYTES",
    "AnyEvent",
    "ClockTick",
    "ClockTickData",
    "Count",
    "Event",
    "FeedHeartbeat",
    "FeedHeartbeatData",
    "FeedSilent",
    "FeedSilentData",
    "FeedState",
    "FeedStatus",
    "FeedStatusData",
    "FixtureChanged",
    "FixtureChangedData",
    "FixtureScheduled",
    "FixtureScheduledData",
    "FixtureStatus",
    "Goals",
    "IncidentKind",
    "Instant",
    "Market",
    "MatchFinished",
    "MatchFinishedData",
    "MatchIncident",
    "MatchIncidentData",
    "MatchPeriod",
    "MatchPeriodData",
    "MatchSnapshot",
    "MatchSnapshotData",
    "MatchStarted",
    "MatchStartedData",
    "MatchStatistics",
    "MatchStatisticsData",
    "MaybeSeenSlug",
    "Minute",
    "ModelPromoted",
    "ModelPromotedData",
    "ModelRolledBack",
    "ModelRolledBackData",
    "OddsChanged",
    "OddsChangedData",
    "OddsPhase",
    "OddsSuspended",
    "OddsSuspendedData",
    "OpenEnum",
    "Operation",
    "Period",
    "Price",
    "Revision",
    "SeenSlug",
    "Side",
    "Slug",
    "Text",
    "decode_event",
    "encode_event",
    "type_name",
]

MAX_EVENT_BYTES = 64 * 1024
"""Longer payloads are refused: no feed has a reason for one."""

# Instants further out overflow when they are turned to another time zone or moved by a day.
EARLIEST = dt.datetime(1850, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2500, 1, 1, tzinfo=dt.UTC)
_EARLY, _LATE = EARLIEST.year, LATEST.year - 1


def _specversion() -> Literal["1.0"]:
    return "1.0"


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", gc=False):
    """What every event carries: the CloudEvents 1.0 context."""

    id: Text
    source: Text
    subject: MaybeSeenSlug = ""
    time: Instant
    partitionkey: SeenSlug
    recordedtime: Instant | None = None
    # A factory, not a default: defaults are left out on the wire, and CloudEvents wants this one.
    specversion: Literal["1.0"] = msgspec.field(default_factory=_specversion)
    datacontenttype: Literal["application/json"] = "application/json"


class FixtureScheduled(Event, frozen=True, kw_only=True, tag="fixture.scheduled"):
    """A fixture was announced."""

    data: FixtureScheduledData


class FixtureChanged(Event, frozen=True, kw_only=True, tag="fixture.changed"):
    """A fixture was moved, called off, abandoned or awarded."""

    data: FixtureChangedData


class MatchStarted(Event, frozen=True, kw_only=True, tag="match.started"):
    """A match kicked off."""

    data: MatchStartedData


class MatchPeriod(Event, frozen=True, kw_only=True, tag="match.period"):
    """A period of a match began."""

    data: MatchPeriodData


class MatchFinished(Event, frozen=True, kw_only=True, tag="match.finished"):
    """A match ended with this result."""

    data: MatchFinishedData


class MatchIncident(Event, frozen=True, kw_only=True, tag="match.incident"):
    """A goal, a card, a substitution, a decision: stated, corrected or withdrawn."""

    data: MatchIncidentData


class MatchSnapshot(Event, frozen=True, kw_only=True, tag="match.snapshot"):
    """The whole match as the feed sees it."""

    data: MatchSnapshotData


class MatchStatistics(Event, frozen=True, kw_only=True, tag="match.statistics"):
    """Shots, corners, cards so far."""

    data: MatchStatisticsData


class OddsChanged(Event, frozen=True, kw_only=True, tag="odds.changed"):
    """A bookmaker's prices moved."""

    data: OddsChangedData


class OddsSuspended(Event, frozen=True, kw_only=True, tag="odds.suspended"):
    """A bookmaker suspended a market."""

    data: OddsSuspendedData


class ClockTick(Event, frozen=True, kw_only=True, tag="clock.tick"):
    """A minute of a live match passed, or a pool's day began."""

    data: ClockTickData


class FeedHeartbeat(Event, frozen=True, kw_only=True, tag="feed.heartbeat"):
    """A feed is alive."""

    data: FeedHeartbeatData


class FeedStatus(Event, frozen=True, kw_only=True, tag="feed.status"):
    """A feed says how it is."""

    data: FeedStatusData


class FeedSilent(Event, frozen=True, kw_only=True, tag="feed.silent"):
    """A feed says nothing."""

    data: FeedSilentData


class ModelPromoted(Event, frozen=True, kw_only=True, tag="model.promoted"):
    """A model took over."""

    data: ModelPromotedData


class ModelRolledBack(Event, frozen=True, kw_only=True, tag="model.rolled_back"):
    """A model was withdrawn."""

    data: ModelRolledBackData


AnyEvent: TypeAlias = (
    FixtureScheduled
    | FixtureChanged
    | MatchStarted
    | MatchPeriod
    | MatchFinished
    | MatchIncident
    | MatchSnapshot
    | MatchStatistics
    | OddsChanged
    | OddsSuspended
    | ClockTick
    | FeedHeartbeat
    | FeedStatus
    | FeedSilent
    | ModelPromoted
    | ModelRolledBack
)

EVENT_TYPES: tuple[type[Event], ...] = (
    FixtureScheduled,
    FixtureChanged,
    MatchStarted,
    MatchPeriod,
    MatchFinished,
    MatchIncident,
    MatchSnapshot,
    MatchStatistics,
    OddsChanged,
    OddsSuspended,
    ClockTick,
    FeedHeartbeat,
    FeedStatus,
    FeedSilent,
    ModelPromoted,
    ModelRolledBack,
)

_TYPE_NAMES = {kind: str(kind.__struct_config__.tag) for kind in EVENT_TYPES}

# Where an event's data hold an instant of their own.
_INNER_INSTANTS: dict[type[Event], str] = {
    FixtureScheduled: "kick_off",
    FixtureChanged: "kick_off",
    MatchSnapshot: "as_of",
    FeedSilent: "last_heard",
}

_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_encoder = msgspec.json.Encoder()

_NUL = "holds a NUL character"
_NO_SLUG = "Expected `str` matching regex '{}' - at `$.{}`"


def decode_event(raw: bytes) -> AnyEvent:
    """Read one event from the wire.

    Raises:
        MalformedEventError: When *raw* is no event that we know; carries *raw* and the reason.
    """
    if len(raw) > MAX_EVENT_BYTES:
        raise MalformedEventError(raw, f"{len(raw)} bytes; at most {MAX_EVENT_BYTES} are read")
    if b"\\u0000" in raw:
        raise MalformedEventError(raw, _NUL)
    try:
        event = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEventError(raw, _NUL if b"\x00" in raw else str(error)) from error
    if not _is_slug(event.partitionkey):
        raise MalformedEventError(raw, _NO_SLUG.format(SLUG, "partitionkey"))
    if event.subject and not _is_slug(event.subject):
        raise MalformedEventError(raw, _NO_SLUG.format(MAYBE_SLUG, "subject"))
    _refuse_far_instants(event, raw)
    return event


@lru_cache(maxsize=65_536)
def _is_slug(text: str) -> bool:
    return re.search(SLUG, text) is not None


def _refuse_far_instants(event: AnyEvent, raw: bytes) -> None:
    inner = _INNER_INSTANTS.get(type(event))
    told = getattr(event.data, inner) if inner else None
    for instant in (event.time, event.recordedtime, told):
        # The year alone settles nearly all, at a third of the time that comparing instants takes.
        if instant is None or _EARLY < instant.year < _LATE:
            continue
        if not EARLIEST <= instant <= LATEST:
            raise MalformedEventError(raw, f"{instant} is in no year of football")
    day = event.data.day if isinstance(event, ClockTick) else None
    if day is not None and not EARLIEST.year < day.year < LATEST.year:
        raise MalformedEventError(raw, f"{day} is in no year of football")


def type_name(event: Event) -> str:
    """Return an event's type as it stands on the wire, such as ``match.finished``."""
    return _TYPE_NAMES[type(event)]


def encode_event(event: Event) -> bytes:
    """Write one event for the wire: compact JSON in the order of its fields."""
    return _encoder.encode(event)
