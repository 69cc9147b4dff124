"""One match as a results file knows it: who, when, how it ended, what it was thought to be."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from schemas.events import MatchStatisticsData  # noqa: TC001 - the same

Bookmaker: TypeAlias = Literal["avg", "ps", "b365"]
Outcome: TypeAlias = Literal["H", "D", "A"]

MARKET_ORDER: tuple[Bookmaker, ...] = ("avg", "ps", "b365")
"""Who stands for the market: the consensus, else Pinnacle, else Bet365."""


class Prices(Struct, frozen=True):
    """Decimal prices of a home win, a draw and an away win, each above 1."""

    home: float
    draw: float
    away: float

    def probabilities(self) -> tuple[float, float, float]:
        """Home, draw, away: the inverse prices, their margin removed in proportion."""
        inverse = 1 / self.home, 1 / self.draw, 1 / self.away
        total = sum(inverse)
        return inverse[0] / total, inverse[1] / total, inverse[2] / total


class Result(Struct, frozen=True):
    """Goals of both sides."""

    home: int
    away: int

    @property
    def outcome(self) -> Outcome:
        """``H``, ``D`` or ``A``."""
        if self.home == self.away:
            return "D"
        return "H" if self.home > self.away else "A"


class MatchRow(Struct, frozen=True, kw_only=True):
    """A match; what the file does not say is None.

    ``date`` is the day in London, ``kick_off`` an instant in UTC (15:00 in London where the file
    gives no time, and ``time_known`` is false). Teams stand as the file spells them.
    """

    match_id: str
    pool: str
    competition: str
    season: str
    date: dt.date
    kick_off: dt.datetime
    time_known: bool
    home: str
    away: str
    result: Result | None = None
    half_time: Result | None = None
    statistics: MatchStatisticsData | None = None
    opening: dict[Bookmaker, Prices] = msgspec.field(default_factory=dict)
    closing: dict[Bookmaker, Prices] = msgspec.field(default_factory=dict)

    @property
    def outcome(self) -> Outcome | None:
        """``H``, ``D`` or ``A``; none before the result."""
        return None if self.result is None else self.result.outcome

    @property
    def home_score(self) -> int | None:
        """Goals of the home team at full time."""
        return None if self.result is None else self.result.home

    @property
    def away_score(self) -> int | None:
        """Goals of the away team at full time."""
        return None if self.result is None else self.result.away

    @property
    def avg_opening(self) -> Prices | None:
        """The average of all bookmakers when the market opened."""
        return self.opening.get("avg")

    @property
    def avg_closing(self) -> Prices | None:
        """The average of all bookmakers just before kick-off."""
        return self.closing.get("avg")
