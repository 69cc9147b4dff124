"""The feed: match-odds markets of recorded stream files as events, in the order of the files."""

from __future__ import annotations

import datetime as dt
import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from producers.betfair.book import Market
from producers.betfair.events import SOURCE, MarketEvents
from producers.betfair.messages import UnreadableError, read_change, read_messages
from schemas.errors import RowError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import msgspec

    from producers.betfair.fixtures import Fixture
    from producers.betfair.messages import Change, MarketDefinition, Report
    from schemas.competitions import Competition
    from schemas.events import AnyEvent

__all__ = ["MATCH_ODDS", "SOURCE", "Tally", "read"]

MATCH_ODDS = "MATCH_ODDS"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass
class Tally:
    """What went through: messages, heartbeats, changes, and changes of markets not for us."""

    messages: int = 0
    heartbeats: int = 0
    changes: int = 0
    not_for_us: Counter[str] = field(default_factory=Counter)
    unknown_events: dict[str, str] = field(default_factory=dict)


def read(
    paths: Iterable[Path],
    fixtures: Mapping[str, Fixture],
    competitions: Mapping[str, Competition],
    *,
    tally: Tally | None = None,
    report: Report,
) -> Iterator[AnyEvent]:
    """Yield the events of every match-odds market whose event stands in *fixtures*.

    Other markets are rebuilt and counted; an event that is in no table is reported once.

    Raises:
        FeedError: When a file cannot be read.
    """
    counts = Tally() if tally is None else tally
    each = (_File(path, fixtures, competitions, counts, report).events() for path in sorted(paths))
    return heapq.merge(*each, key=lambda event: event.time)


class _File:
    """One stream file: its markets, and who tells them."""

    def __init__(
        self,
        path: Path,
        fixtures: Mapping[str, Fixture],
        competitions: Mapping[str, Competition],
        tally: Tally,
        report: Report,
    ) -> None:
        self._path = path
        self._fixtures = fixtures
        self._competitions = competitions
        self._tally = tally
        self._report = report
        self._markets: dict[str, Market] = {}
        self._telling: dict[str, MarketEvents] = {}

    def events(self) -> Iterator[AnyEvent]:
        for number, message in read_messages(self._path, self._report):
            self._tally.messages += 1
            self._tally.heartbeats += message.ct == "HEARTBEAT"
            at = _EPOCH + dt.timedelta(milliseconds=message.pt)
            for raw in message.mc:
                yield from self._each(raw, number, at)

    def _each(self, raw: msgspec.Raw, number: int, at: dt.datetime) -> Iterator[AnyEvent]:
        try:
            change = read_change(raw)
        except UnreadableError as error:
            self._tally.changes += 1
            for market in self._markets.values():
                if market.market_id == (error.market_id or market.market_id):
                    market.lose()
            self._refuse(number, f"no message of a market {error.market_id or '?'}: {error}")
            return
        try:
            yield from self._after(change, number, at)
        except ValueError as error:
            self._refuse(number, f"market {change.id}: {error}")

    def _after(self, change: Change, number: int, at: dt.datetime) -> Iterator[AnyEvent]:
        self._tally.changes += 1
        market = self._markets.get(change.id) or Market(change.id)
        market.apply(change)
        self._markets[change.id] = market
        definition = market.definition
        if definition is None or definition.market_type != MATCH_ODDS:
            self._tally.not_for_us[definition.market_type if definition else ""] += 1
        elif (telling := self._teller(definition, change.id, number)) is not None:
            yield from telling.after(market, at)

    def _teller(
        self, definition: MarketDefinition, market_id: str, number: int
    ) -> MarketEvents | None:
        if market_id not in self._telling:
            event_id, name = definition.event_id, definition.event_name
            fixture = self._fixtures.get(event_id)
            if fixture is None:
                if event_id not in self._tally.unknown_events:
                    self._tally.unknown_events[event_id] = name
                    reason = f"event {event_id} ({name}) stands in no table of fixtures"
                    self._refuse(number, f"{reason}; its prices are not published")
                return None
            pool = self._competitions[fixture.competition].pool
            self._telling[market_id] = MarketEvents(fixture, pool)
        return self._telling[market_id]

    def _refuse(self, number: int, reason: str) -> None:
        self._report(RowError(self._path.name, number, reason))
