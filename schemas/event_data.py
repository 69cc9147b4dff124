"""What each type of event says: its ``data``."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from schemas.event_words import (
    Count,
    FeedState,
    FixtureStatus,
    Goals,
    IncidentKind,
    Instant,
    Market,
    MarketVersion,
    Minute,
    OddsPhase,
    Operation,
    Period,
    Price,
    Revision,
    Side,
    Slug,
    Text,
)


class Data(Struct, frozen=True, omit_defaults=True, gc=False):
    """What an event says; a tree, so that the collector of reference cycles need not look."""


class FixtureScheduledData(Data, frozen=True, kw_only=True):
    """A fixture and its two teams, named as the feed spells them."""

    competition: Slug
    season: Slug
    kick_off: Instant
    home: Text
    away: Text
    neutral: bool = False
    external_ids: dict[str, str] = msgspec.field(default_factory=dict)


class FixtureChangedData(Data, frozen=True, kw_only=True):
    """A fixture moved, called off or decided at a table; scores only where awarded."""

    status: FixtureStatus
    kick_off: Instant | None = None
    home_score: Goals | None = None
    away_score: Goals | None = None
    reason: str = ""


class MatchStartedData(Data, frozen=True, kw_only=True):
    """Play began."""


class MatchPeriodData(Data, frozen=True, kw_only=True):
    """A period began; the score is the feed's word where given."""

    period: Period
    home_score: Goals | None = None
    away_score: Goals | None = None


class MatchFinishedData(Data, frozen=True, kw_only=True):
    """The result after normal time, and after extra time where there was some."""

    home_score: Goals
    away_score: Goals
    home_score_extra_time: Goals | None = None
    away_score_extra_time: Goals | None = None


class MatchIncidentData(Data, frozen=True, kw_only=True):
    """One revision of one incident; minute and stoppage as in 45+2."""

    incident_id: Text
    revision: Revision
    op: Operation = Operation.UPSERT
    kind: IncidentKind
    side: Side
    minute: Minute
    stoppage: Minute = 0
    player: str = ""


class MatchSnapshotData(Data, frozen=True, kw_only=True):
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


class MatchStatisticsData(Data, frozen=True, kw_only=True):
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


class OddsChangedData(Data, frozen=True, kw_only=True):
    """Decimal prices of one bookmaker for one market."""

    bookmaker: Text
    market: Market = Market.MATCH_ODDS
    home: Price
    draw: Price
    away: Price
    phase: OddsPhase = OddsPhase.CURRENT
    market_version: MarketVersion = 0


class OddsSuspendedData(Data, frozen=True, kw_only=True):
    """A bookmaker takes no bets: its last prices mean nothing until it opens again."""

    bookmaker: Text
    market: Market = Market.MATCH_ODDS
    market_version: MarketVersion = 0


class ClockTickData(Data, frozen=True, kw_only=True):
    """The minute of a live match, or the start of a pool's day: exactly one of the two."""

    minute: Minute | None = None
    stoppage: Minute = 0
    day: dt.date | None = None


class FeedHeartbeatData(Data, frozen=True, kw_only=True):
    """The feed is alive."""


class FeedStatusData(Data, frozen=True, kw_only=True):
    """The feed has a gap, or recovered from one."""

    state: FeedState
    reason: str = ""


class FeedSilentData(Data, frozen=True, kw_only=True):
    """Nothing came from this source for too long; written by the clock."""

    silent_source: Text
    last_heard: Instant | None = None


class ModelPromotedData(Data, frozen=True, kw_only=True):
    """From here on this model (``name@version``) forecasts."""

    model: Text
    alias: Text = "champion"


class ModelRolledBackData(Data, frozen=True, kw_only=True):
    """From here on the model before forecasts again; says which, and why."""

    model: Text
    alias: Text = "champion"
    reason: str = ""
