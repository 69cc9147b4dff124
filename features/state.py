"""What the fold keeps of a match, a team and a pool.

A match holds *facts* (what feeds said, and when) and what follows from them (status, minute, score,
market). Facts are merged by the newest or by their union, so that the same events in any order, any
number of times, give the same match. Fields are appended, never moved: states are stored as arrays.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
import math
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from schemas.events import (  # noqa: TC001 - msgspec reads annotations at run time
    FixtureStatus,
    IncidentKind,
    OddsPhase,
    Operation,
    Side,
)
from schemas.forecast import Quality

Status: TypeAlias = Literal[
    "scheduled", "live", "finished", "postponed", "cancelled", "abandoned", "awarded"
]
Chances: TypeAlias = tuple[float, float, float]
"""Probabilities of home win, draw, away win."""
Pair: TypeAlias = tuple[int, int]
"""A count for the home and the away team."""

OVER: frozenset[str] = frozenset({"finished", "cancelled", "abandoned", "awarded"})
"""The states of a match that nothing more is expected of."""

START_ELO = 1500.0
UNKNOWN = math.nan


class Price(Struct, array_like=True, frozen=True, gc=False):
    """Decimal prices at one time, and their probabilities without margin (Shin)."""

    home: float
    draw: float
    away: float
    chances: Chances
    phase: OddsPhase
    version: int
    at: dt.datetime


class Book(Struct, array_like=True, frozen=True, gc=False):
    """One bookmaker's prices as one source tells them, and its last suspension.

    ``newest`` is the price that stands, ``opening`` the first one and ``before`` the last one that
    its phase places before kick-off: all none where there is none. ``quoted`` are the last ones of
    another phase from before play, oldest first.
    """

    bookmaker: str
    source: str
    newest: Price | None = None
    before: Price | None = None
    opening: Price | None = None
    suspended_version: int = -1
    suspended_at: dt.datetime | None = None
    quoted: tuple[Price, ...] = ()

    @property
    def suspended(self) -> bool:
        """No price is newer than the last suspension."""
        if self.suspended_at is None or self.newest is None:
            return self.suspended_at is not None
        price = self.newest
        return (self.suspended_version, self.suspended_at) >= (price.version, price.at)


class MarketState(Struct, array_like=True, frozen=True, gc=False):
    """The market that we follow: one bookmaker's, or the consensus of ``books`` of them.

    ``moved_*`` is by how much the log-odds of a home and of an away win moved since its opening.
    """

    bookmaker: str
    p_home: float
    p_draw: float
    p_away: float
    phase: OddsPhase
    time: dt.datetime | None
    suspended: bool = False
    books: int = 1
    moved_home: float = 0.0
    moved_away: float = 0.0


class Revision(Struct, array_like=True, frozen=True, gc=False):
    """One revision of an incident; ``at`` is when it was first stated."""

    number: int
    at: dt.datetime
    op: Operation
    kind: IncidentKind
    side: Side
    minute: int
    stoppage: int


class Snapshot(Struct, array_like=True, frozen=True, gc=False):
    """When a feed last told the whole match, and the incidents it then knew."""

    as_of: dt.datetime
    incident_ids: list[str]


class Said(Struct, array_like=True, frozen=True, order=True, gc=False):
    """A score in a feed's own words: of a period (rank 0) or a snapshot (rank 1)."""

    at: dt.datetime
    rank: int
    home: int
    away: int


class Result(Struct, array_like=True, frozen=True, order=True, gc=False):
    """The score after normal time, and after extra time (-1 where there was none)."""

    at: dt.datetime
    home: int
    away: int
    home_extra: int = -1
    away_extra: int = -1


class Told(Struct, array_like=True, gc=False):
    """What one source told of the play of a match."""

    said: Said | None = None
    snapshot: Snapshot | None = None
    incidents: dict[str, list[Revision]] = msgspec.field(default_factory=dict)
    result: Result | None = None


class Change(Struct, array_like=True, frozen=True, gc=False):
    """The newest word on a fixture; scores only where awarded."""

    at: dt.datetime
    status: FixtureStatus
    home: int | None = None
    away: int | None = None


class Clock(Struct, array_like=True, frozen=True, order=True, gc=False):
    """The newest word on the minute."""

    at: dt.datetime
    minute: int
    stoppage: int


class Statistics(Struct, array_like=True, frozen=True, gc=False):
    """Counts for home and away at one time; none where unknown."""

    at: dt.datetime
    shots: tuple[int | None, int | None]
    on_target: tuple[int | None, int | None]
    corners: tuple[int | None, int | None]


class Entry(Struct, array_like=True, frozen=True, gc=False):
    """What the ratings hold of a match: its result, whole pairs of counts, closing chances."""

    kick_off: dt.datetime
    home: int
    away: int
    shots: Pair | None = None
    on_target: Pair | None = None
    corners: Pair | None = None
    chances: Chances | None = None


class FeedMark(Struct, array_like=True, frozen=True, gc=False):
    """The newest word on a feed: whether it is silent, and when that was said."""

    at: dt.datetime
    silent: bool


class MatchState(Struct, array_like=True, kw_only=True, gc=False):
    """One match. What is the agent's own belongs to the one that forecasts; no fold touches it."""

    match_id: str
    pool: str
    competition: str
    season: str
    kick_off: dt.datetime
    home: str
    away: str
    home_key: str
    away_key: str
    neutral: bool = False
    external_ids: dict[str, str] = msgspec.field(default_factory=dict)
    sources: list[str] = msgspec.field(default_factory=list)
    simulated: bool = False
    # What follows from the facts below.
    status: Status = "scheduled"
    minute: int | None = None
    home_score: int = 0
    away_score: int = 0
    home_reds: int = 0
    away_reds: int = 0
    market: MarketState | None = None
    stale: bool = False
    degraded: bool = False
    # Facts.
    said_at: dt.datetime
    change: Change | None = None
    called_off_at: dt.datetime | None = None
    rescheduled_at: dt.datetime | None = None
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    extra_at: dt.datetime | None = None
    clock: Clock | None = None
    statistics: Statistics | None = None
    told: dict[str, Told] = msgspec.field(default_factory=dict)
    books: dict[str, Book] = msgspec.field(default_factory=dict)
    rekeyed_to: str = ""
    # What of this match the teams' ratings hold.
    folded: Entry | None = None
    # The agent's own.
    revision: int = 0
    input_hash: bytes = b""
    home_p: float = UNKNOWN
    draw_p: float = UNKNOWN
    away_p: float = UNKNOWN
    # More facts: the first sign of play of each day, in order.
    played: list[dt.datetime] = msgspec.field(default_factory=list)
    # When its id was first told, of those under which a feed knows the fixture.
    announced_at: dt.datetime | None = None
    # The result that came too late for the ratings; -1 each where one was taken back too late.
    too_late: Pair | None = None

    @property
    def over(self) -> bool:
        """Nothing more is expected of this match."""
        return self.status in OVER

    @property
    def finished(self) -> bool:
        """There is a result, played or awarded."""
        if self.status == "awarded":
            return self.change is not None and self.change.home is not None
        return self.status == "finished"

    @property
    def in_extra_time(self) -> bool:
        """Extra time or a shoot-out began: the result after normal time stands."""
        void = self.void_until
        return self.extra_at is not None and (void is None or self.extra_at > void)

    @property
    def void_until(self) -> dt.datetime | None:
        """What was told of play until then is void: it was called off and scheduled anew."""
        off, anew = self.called_off_at, self.rescheduled_at
        return off if off is not None and anew is not None and anew > off else None

    @property
    def play_at(self) -> dt.datetime:
        """Prices from then on may hold the score: kick-off, or the first sign of play before it."""
        kick_off = self.kick_off
        if not self.played:
            return kick_off
        void = self.void_until
        for at in self.played:
            if void is None or at > void:
                return min(kick_off, at)
        return kick_off

    @property
    def suspended(self) -> bool:
        """The market we follow takes no bets."""
        return self.market is not None and self.market.suspended

    @property
    def quality(self) -> Quality:
        """How far a forecast from this state can be trusted; the gravest doubt is named."""
        if self.status in OVER:
            return Quality.FINAL
        if self.stale:
            return Quality.STALE
        if self.degraded:
            return Quality.DEGRADED
        return Quality.SUSPENDED if self.suspended else Quality.FRESH


class TeamState(Struct, array_like=True, kw_only=True, gc=False):
    """One team after its results so far; averages are exponentially weighted, per match.

    Before its first result only ``key``, ``pool`` and ``name`` say anything. ``market`` is its
    strength by the closing odds of its past matches, in log-odds.
    """

    key: str
    pool: str
    name: str
    competition: str = ""
    season: str = ""
    last_kick_off: dt.datetime | None = None
    last_match: str = ""
    matches: int = 0
    elo: float = START_ELO
    attack: float = 0.0
    defence: float = 0.0
    pi_home: float = 0.0
    pi_away: float = 0.0
    market: float = UNKNOWN
    goals_for: float = UNKNOWN
    goals_against: float = UNKNOWN
    points: float = UNKNOWN
    home_goals_for: float = UNKNOWN
    home_goals_against: float = UNKNOWN
    away_goals_for: float = UNKNOWN
    away_goals_against: float = UNKNOWN
    shots_for: float = UNKNOWN
    shots_against: float = UNKNOWN
    on_target_for: float = UNKNOWN
    on_target_against: float = UNKNOWN
    corners_for: float = UNKNOWN
    corners_against: float = UNKNOWN
    season_matches: int = 0
    season_points: int = 0
    season_goals_for: int = 0
    season_goals_against: int = 0


class Level(Struct, array_like=True, frozen=True, gc=False):
    """The strength of a competition's teams: on average, and of its weakest quarter."""

    season: str
    elo: float
    low_elo: float
    low_attack: float
    low_defence: float
    market: float = UNKNOWN
    low_market: float = UNKNOWN


class Pending(Struct, array_like=True, frozen=True, order=True, gc=False):
    """What a result adds to its pool's own parameters when the next day begins."""

    surprise: float
    home_goals: int
    away_goals: int
    neutral: bool = False
    priced: bool = False
    market_surprise: float = 0.0


class PoolState(Struct, array_like=True, kw_only=True, gc=False):
    """What all teams of a pool share; parameters move at the start of a pool's day.

    Home advantage is in Elo points (``market_advantage`` in log-odds), means in goals a match;
    ``pending`` holds the results since the last day began, in ascending order. ``too_late`` counts
    results and corrections that came too late for the ratings.
    """

    pool: str
    day: dt.date | None = None
    feeds: dict[str, FeedMark] = msgspec.field(default_factory=dict)
    too_late: int = 0
    home_advantage: float = 65.0
    home_goals: float = 1.5
    away_goals: float = 1.2
    market_advantage: float = 0.5
    pending: list[Pending] = msgspec.field(default_factory=list)
    pending_competitions: list[str] = msgspec.field(default_factory=list)
    levels: dict[str, Level] = msgspec.field(default_factory=dict)


class Table(Struct, array_like=True, frozen=True, gc=False):
    """The places in a pool's tables as its day began: 0 is the top, 1 the bottom."""

    places: dict[str, float] = msgspec.field(default_factory=dict)
