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

from schemas.events import FixtureStatus, IncidentKind, OddsPhase, Operation, Side
from schemas.forecast import Quality

Status: TypeAlias = Literal[
    "scheduled", "live", "finished", "postponed", "cancelled", "abandoned", "awarded"
]
OVER: frozenset[str] = frozenset({"finished", "cancelled", "abandoned", "awarded"})
"""The states of a match that nothing more is expected of."""

START_ELO = 1500.0
UNKNOWN = math.nan


class Book(Struct, array_like=True, frozen=True):
    """One bookmaker's newest prices, their probabilities without margin, and its last suspension.

    Prices are zero where the bookmaker has only ever suspended.
    """

    bookmaker: str
    home: float = 0.0
    draw: float = 0.0
    away: float = 0.0
    p_home: float = UNKNOWN
    p_draw: float = UNKNOWN
    p_away: float = UNKNOWN
    phase: OddsPhase = OddsPhase.UNKNOWN
    version: int = 0
    time: dt.datetime | None = None
    suspended_version: int = -1
    suspended_time: dt.datetime | None = None
    suspended: bool = False


class Revision(Struct, array_like=True, frozen=True):
    """One revision of an incident; ``at`` is when it was first stated."""

    number: int
    at: dt.datetime
    op: Operation
    kind: IncidentKind
    side: Side
    minute: int
    stoppage: int


class Snapshot(Struct, array_like=True, frozen=True):
    """When a feed last told the whole match, and the incidents it then knew."""

    as_of: dt.datetime
    incident_ids: list[str]


class Said(Struct, array_like=True, frozen=True, order=True):
    """A score in a feed's own words: of a period (rank 0) or a snapshot (rank 1)."""

    at: dt.datetime
    rank: int
    home: int
    away: int


class Result(Struct, array_like=True, frozen=True, order=True):
    """The score after normal time, and after extra time (-1 where there was none)."""

    at: dt.datetime
    home: int
    away: int
    home_extra: int = -1
    away_extra: int = -1


class Change(Struct, array_like=True, frozen=True):
    """The newest word on a fixture; scores only where awarded."""

    at: dt.datetime
    status: FixtureStatus
    home: int | None = None
    away: int | None = None


class Clock(Struct, array_like=True, frozen=True, order=True):
    """The newest word on the minute."""

    at: dt.datetime
    minute: int
    stoppage: int


class Statistics(Struct, array_like=True, frozen=True):
    """Counts for home and away at one time; none where unknown."""

    at: dt.datetime
    shots: tuple[int | None, int | None]
    on_target: tuple[int | None, int | None]
    corners: tuple[int | None, int | None]


class FeedMark(Struct, array_like=True, frozen=True):
    """The newest word on a feed: whether it is silent, and when that was said."""

    at: dt.datetime
    silent: bool


class MatchState(Struct, array_like=True, kw_only=True):
    """One match. The last five fields belong to the agent that forecasts; no fold touches them."""

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
    market: Book | None = None
    stale: bool = False
    degraded: bool = False
    # Facts.
    kick_off_said_at: dt.datetime
    change: Change | None = None
    started_at: dt.datetime | None = None
    clock: Clock | None = None
    said: Said | None = None
    snapshot: Snapshot | None = None
    incidents: dict[str, list[Revision]] = msgspec.field(default_factory=dict)
    result: Result | None = None
    statistics: Statistics | None = None
    books: dict[str, Book] = msgspec.field(default_factory=dict)
    # What of this match the teams' ratings hold.
    folded: Result | None = None
    statistics_folded: bool = False
    # The agent's own.
    revision: int = 0
    input_hash: bytes = b""
    home_p: float = UNKNOWN
    draw_p: float = UNKNOWN
    away_p: float = UNKNOWN

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


class TeamState(Struct, array_like=True, kw_only=True):
    """One team after its results so far; averages are exponentially weighted, per match."""

    key: str
    pool: str
    name: str
    competition: str
    season: str
    last_kick_off: dt.datetime | None = None
    matches: int = 0
    elo: float = START_ELO
    attack: float = 0.0
    defence: float = 0.0
    pi_home: float = 0.0
    pi_away: float = 0.0
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
    position: float = UNKNOWN


class Level(Struct, array_like=True, frozen=True):
    """The strength of a competition's teams: on average, and of its weakest quarter."""

    season: str
    elo: float
    low_elo: float
    low_attack: float
    low_defence: float


class PoolState(Struct, array_like=True, kw_only=True):
    """What all teams of a pool share; parameters move at the start of a pool's day.

    Home advantage is in Elo points, means in goals a match; ``pending_*`` sums the results since
    the last day began.
    """

    pool: str
    day: dt.date | None = None
    home_advantage: float = 65.0
    home_goals: float = 1.5
    away_goals: float = 1.2
    pending: int = 0
    pending_surprise: float = 0.0
    pending_home_goals: int = 0
    pending_away_goals: int = 0
    levels: dict[str, Level] = msgspec.field(default_factory=dict)
    feeds: dict[str, FeedMark] = msgspec.field(default_factory=dict)
