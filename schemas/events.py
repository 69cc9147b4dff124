"""Events: CloudEvents 1.0 in structured JSON, decoded by one tagged union.

An event's ``type`` is its tag on the wire. ``subject`` is the match id (empty where an event is
about a whole pool or about every match), ``partitionkey`` the pool. Three clocks never mix:
``time`` (it happened), ``recordedtime`` (we received it), stream order (we stored it).
"""

from __future__ import annotations

import datetime as dt
import enum
from typing import Annotated, Literal, Self, TypeAlias

import msgspec
from msgspec import Meta, Struct

from schemas.errors import MalformedEventError

MAX_EVENT_BYTES = 64 * 1024
"""Longer payloads are refused: no feed has a reason for one."""

# Instants further out overflow when they are turned to another time zone or moved by a day.
EARLIEST = dt.datetime(1850, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2500, 1, 1, tzinfo=dt.UTC)

Text = Annotated[str, Meta(min_length=1, max_length=200)]
# Python's $ also matches before a last line feed, which must not get into a key.
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=200)]
MaybeSlug = Annotated[str, Meta(pattern=r"^([a-z0-9]+(-[a-z0-9]+)*)?$(?!\n)", max_length=200)]
Goals = Annotated[int, Meta(ge=0, le=99)]
Count = Annotated[int, Meta(ge=0, le=999)]
Minute = Annotated[int, Meta(ge=0, le=130)]
Price = Annotated[float, Meta(gt=1.0, le=10_000.0)]
Revision = Annotated[int, Meta(ge=1)]
Instant = Annotated[dt.datetime, Meta(tz=True)]


class OpenEnum(enum.Enum):
    """An enum whose unknown values are kept as ``unknown`` and counted, never a crash."""

    @classmethod
    def _missing_(cls, value: object) -> Self:  # noqa: ARG003 - the protocol's signature
        return cls("unknown")


class Side(enum.Enum):
    """Which of the two teams."""

    HOME = "home"
    AWAY = "away"


class IncidentKind(OpenEnum):
    """What happened on the pitch."""

    GOAL = "goal"
    OWN_GOAL = "own_goal"
    PENALTY_MISSED = "penalty_missed"
    YELLOW = "yellow"
    SECOND_YELLOW = "second_yellow"
    RED = "red"
    SUBSTITUTION = "substitution"
    VAR = "var"
    UNKNOWN = "unknown"


class Operation(enum.Enum):
    """Whether an incident is (still) so, or never was."""

    UPSERT = "upsert"
    RETRACT = "retract"


class Period(OpenEnum):
    """A part of a match, named by what begins."""

    FIRST_HALF = "first_half"
    HALF_TIME = "half_time"
    SECOND_HALF = "second_half"
    FULL_TIME = "full_time"
    EXTRA_TIME = "extra_time"
    PENALTIES = "penalties"
    UNKNOWN = "unknown"


class FixtureStatus(OpenEnum):
    """What became of a fixture before or instead of play."""

    SCHEDULED = "scheduled"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"
    AWARDED = "awarded"
    UNKNOWN = "unknown"


class OddsPhase(OpenEnum):
    """When in the life of a market a price was taken."""

    OPENING = "opening"
    CURRENT = "current"
    CLOSING = "closing"
    UNKNOWN = "unknown"


class Market(OpenEnum):
    """What is bet on."""

    MATCH_ODDS = "1x2"
    UNKNOWN = "unknown"


class FeedState(OpenEnum):
    """What a feed says of itself."""

    ALIVE = "alive"
    GAP = "gap"
    RECOVERED = "recovered"
    UNKNOWN = "unknown"


class FixtureScheduledData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fixture and its two teams, named as the feed spells them."""

    competition: Slug
    season: Slug
    kick_off: Instant
    home: Text
    away: Text
    neutral: bool = False
    external_ids: dict[str, str] = msgspec.field(default_factory=dict)


class FixtureChangedData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fixture moved, called off or decided at a table; scores only where awarded."""

    status: FixtureStatus
    kick_off: Instant | None = None
    home_score: Goals | None = None
    away_score: Goals | None = None
    reason: str = ""


class MatchStartedData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Play began."""


class MatchPeriodData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A period began; the score is the feed's word where given."""

    period: Period
    home_score: Goals | None = None
    away_score: Goals | None = None


class MatchFinishedData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result after normal time, and after extra time where there was some."""

    home_score: Goals
    away_score: Goals
    home_score_extra_time: Goals | None = None
    away_score_extra_time: Goals | None = None


class MatchIncidentData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One revision of one incident; minute and stoppage as in 45+2."""

    incident_id: Text
    revision: Revision
    op: Operation = Operation.UPSERT
    kind: IncidentKind
    side: Side
    minute: Minute
    stoppage: Minute = 0
    player: str = ""


class MatchSnapshotData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole match as the feed sees it at ``as_of``."""

    as_of: Instant
    period: Period
    minute: Minute
    home_score: Goals
    away_score: Goals
    stoppage: Minute = 0
    incidents: Annotated[list[MatchIncidentData], Meta(max_length=200)] = msgspec.field(
        default_factory=list
    )


class MatchStatisticsData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Counts so far for each side; none where the feed does not know."""

    home_shots: Count | None = None
    away_shots: Count | None = None
    home_shots_on_target: Count | None = None
    away_shots_on_target: Count | None = None
    home_corners: Count | None = None
    away_corners: Count | None = None
    home_fouls: Count | None = None
    away_fouls: Count | None = None
    home_yellows: Count | None = None
    away_yellows: Count | None = None
    home_reds: Count | None = None
    away_reds: Count | None = None


class OddsChangedData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Decimal prices of one bookmaker for one market."""

    bookmaker: Text
    market: Market = Market.MATCH_ODDS
    home: Price
    draw: Price
    away: Price
    phase: OddsPhase = OddsPhase.CURRENT
    market_version: Annotated[int, Meta(ge=0)] = 0


class OddsSuspendedData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bookmaker takes no bets: its last prices mean nothing until it opens again."""

    bookmaker: Text
    market: Market = Market.MATCH_ODDS
    market_version: Annotated[int, Meta(ge=0)] = 0


class ClockTickData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The minute of a live match, or the start of a pool's day: exactly one of the two."""

    minute: Minute | None = None
    stoppage: Minute = 0
    day: dt.date | None = None


class FeedHeartbeatData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The feed is alive."""


class FeedStatusData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The feed has a gap, or recovered from one."""

    state: FeedState
    reason: str = ""


class FeedSilentData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Nothing came from this source for too long; written by the clock."""

    silent_source: Text
    last_heard: Instant | None = None


class ModelPromotedData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From here on this model (``name@version``) forecasts."""

    model: Text
    alias: Text = "champion"


class ModelRolledBackData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From here on the model before forecasts again; says which, and why."""

    model: Text
    alias: Text = "champion"
    reason: str = ""


def _specversion() -> Literal["1.0"]:
    return "1.0"


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """What every event carries: the CloudEvents 1.0 context."""

    id: Text
    source: Text
    subject: MaybeSlug = ""
    time: Instant
    partitionkey: Slug
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


def decode_event(raw: bytes) -> AnyEvent:
    """Read one event from the wire.

    Raises:
        MalformedEventError: When *raw* is no event that we know; carries *raw* and the reason.
    """
    if len(raw) > MAX_EVENT_BYTES:
        raise MalformedEventError(raw, f"{len(raw)} bytes; at most {MAX_EVENT_BYTES} are read")
    if b"\x00" in raw or b"\\u0000" in raw:
        raise MalformedEventError(raw, "holds a NUL character")
    try:
        event = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEventError(raw, str(error)) from error
    _refuse_far_instants(event, raw)
    return event


def _refuse_far_instants(event: AnyEvent, raw: bytes) -> None:
    inner = _INNER_INSTANTS.get(type(event))
    told = getattr(event.data, inner) if inner else None
    for instant in (event.time, event.recordedtime, told):
        # The year alone settles nearly all, at a third of the time that comparing instants takes.
        if instant is None or EARLIEST.year < instant.year < LATEST.year - 1:
            continue
        if not EARLIEST <= instant <= LATEST:
            raise MalformedEventError(raw, f"{instant} is in no year of football")


def type_name(event: Event) -> str:
    """Return an event's type as it stands on the wire, such as ``match.finished``."""
    return _TYPE_NAMES[type(event)]


def encode_event(event: Event) -> bytes:
    """Write one event for the wire: compact JSON in the order of its fields."""
    return _encoder.encode(event)
