"""What a match-odds market says after each message, where that is news."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from schemas.events import (
    AnyEvent,
    FixtureScheduled,
    FixtureScheduledData,
    MatchStarted,
    MatchStartedData,
    OddsChanged,
    OddsChangedData,
    OddsPhase,
    OddsSuspended,
    OddsSuspendedData,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from producers.betfair.book import Market
    from producers.betfair.fixtures import Fixture
    from producers.betfair.messages import MarketDefinition

SOURCE = "betfair"
THE_DRAW = 58805
"""The selection that is the draw in every match-odds market."""

_DIGITS = 4
_SIDES = 2
_OPEN = "OPEN"


class MarketEvents:
    """Tells one market: the fixture and its moves, kick-off, prices, suspensions.

    Prices are told whenever one of the three changed while the market is open, and again when it
    opens after a suspension; never while one of them is unknown.
    """

    def __init__(self, fixture: Fixture, pool: str) -> None:
        self._fixture = fixture
        self._pool = pool
        self._match_id = fixture.match_id
        self._market_time = ""
        self._is_new = True
        self._in_play = False
        self._status = _OPEN
        self._prices: tuple[float, float, float] | None = None

    def after(self, market: Market, at: dt.datetime) -> Iterator[AnyEvent]:
        """Yield what is new in *market* as a message of this instant left it.

        Raises:
            ValueError: When its definition makes no sense: no kick-off time, no two sides.
        """
        definition = market.definition
        if definition is None:
            return
        kick_off = _instant(definition.market_time)
        sides = _sides(definition)
        if definition.market_time != self._market_time:
            self._market_time = definition.market_time
            yield self._scheduled(market, definition, kick_off, at)
        if definition.in_play and not self._in_play:
            self._in_play = True
            # A recording that begins in play did not see when that began.
            head = self._head(market, "in-play", min(kick_off, at) if self._is_new else at)
            yield MatchStarted(**head, data=MatchStartedData())
        self._is_new = False
        if definition.status != _OPEN:
            yield from self._closed(market, definition, at)
            return
        opened = self._status != _OPEN
        self._status = definition.status
        prices = _prices(market, sides)
        if prices is not None and (opened or prices != self._prices):
            self._prices = prices
            yield self._changed(market, definition, prices, at)

    def _head(self, market: Market, what: str, at: dt.datetime) -> dict[str, Any]:
        milliseconds = round(at.timestamp() * 1000)
        return {
            "id": f"{market.market_id}:{milliseconds}:{what}",
            "source": SOURCE,
            "subject": self._match_id,
            "time": at,
            "partitionkey": self._pool,
        }

    def _scheduled(
        self, market: Market, definition: MarketDefinition, kick_off: dt.datetime, at: dt.datetime
    ) -> FixtureScheduled:
        fixture = self._fixture
        return FixtureScheduled(
            **self._head(market, f"fixture:{definition.market_time}", at),
            data=FixtureScheduledData(
                competition=fixture.competition,
                season=fixture.season,
                kick_off=kick_off,
                home=fixture.home,
                away=fixture.away,
                external_ids={SOURCE: definition.event_id},
            ),
        )

    def _closed(
        self, market: Market, definition: MarketDefinition, at: dt.datetime
    ) -> Iterator[AnyEvent]:
        if definition.status == self._status:
            return
        was_open, self._status = self._status == _OPEN, definition.status
        if was_open:
            yield OddsSuspended(
                **self._head(market, f"suspended:{definition.version}", at),
                data=OddsSuspendedData(bookmaker=SOURCE, market_version=definition.version),
            )

    def _changed(
        self,
        market: Market,
        definition: MarketDefinition,
        prices: tuple[float, float, float],
        at: dt.datetime,
    ) -> OddsChanged:
        home, draw, away = prices
        return OddsChanged(
            **self._head(market, f"odds:{definition.version}:{home}:{draw}:{away}", at),
            data=OddsChangedData(
                bookmaker=SOURCE,
                home=home,
                draw=draw,
                away=away,
                phase=OddsPhase.CURRENT,
                market_version=definition.version,
            ),
        )


def _instant(words: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(words)
    if found.tzinfo is None:
        raise ValueError(f"market time {words!r} has no time zone")
    return found


def _sides(definition: MarketDefinition) -> tuple[int, int]:
    """The selections of home and away: Betfair lists home first."""
    order = sorted(definition.runners, key=lambda runner: runner.sort_priority)
    teams = [runner.id for runner in order if runner.id != THE_DRAW]
    if len(teams) != _SIDES or len(order) != _SIDES + 1:
        raise ValueError(f"{len(order)} runners, where home, away and the draw are expected")
    return teams[0], teams[1]


def _prices(market: Market, sides: tuple[int, int]) -> tuple[float, float, float] | None:
    home, away = sides
    found = []
    for selection in (home, THE_DRAW, away):
        price = market.price(selection)
        if price is None:
            return None
        found.append(round(price, _DIGITS))
    return found[0], found[1], found[2]
