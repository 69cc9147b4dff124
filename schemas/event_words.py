"""The words and numbers that events are made of, with their bounds."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Annotated, Self

from msgspec import Meta

Text = Annotated[str, Meta(min_length=1, max_length=200)]
# Python's $ also matches before a last line feed, which must not get into a key.
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)"
MAYBE_SLUG = r"^([a-z0-9]+(-[a-z0-9]+)*)?$(?!\n)"
Slug = Annotated[str, Meta(pattern=SLUG, max_length=200)]
# The same few stand in event after event, and a pattern takes as long as all else of one: whoever
# reads events remembers which it has seen.
SeenSlug = Annotated[str, Meta(extra_json_schema={"pattern": SLUG}, max_length=200)]
MaybeSeenSlug = Annotated[str, Meta(extra_json_schema={"pattern": MAYBE_SLUG}, max_length=200)]
Goals = Annotated[int, Meta(ge=0, le=99)]
Count = Annotated[int, Meta(ge=0, le=999)]
Minute = Annotated[int, Meta(ge=0, le=130)]
Price = Annotated[float, Meta(gt=1.0, le=10_000.0)]
# As far as the state can hold a number.
_MOST_STORED = 2**63 - 1
Revision = Annotated[int, Meta(ge=1, le=_MOST_STORED)]
MarketVersion = Annotated[int, Meta(ge=0, le=_MOST_STORED)]
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
