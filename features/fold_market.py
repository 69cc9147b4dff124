"""The market folds in: prices and suspensions of each bookmaker, and the one that we follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from features.checks import match_of, utc
from features.feeds import heard
from features.shin import shin
from features.state import Book
from schemas.events import Market, OddsPhase

if TYPE_CHECKING:
    from datetime import datetime

    from features.state import MatchState
    from features.world import World
    from schemas.events import OddsChanged, OddsSuspended

FOLLOWED = ("avg", "ps", "b365")
"""The market is the average of all bookmakers; else Pinnacle, else Bet365, else the newest."""

_Order: TypeAlias = "tuple[bool, int, datetime, bool, tuple[float, float, float], str]"


def odds_changed(world: World, event: OddsChanged) -> tuple[str, ...]:
    """Prices moved; the newest stand, and an opening price never replaces a later phase's."""
    match = match_of(world, event)
    data, at = event.data, utc(event.time, "time")
    if data.market is not Market.MATCH_ODDS:
        return ()
    name = data.bookmaker.lower()
    book = match.books.get(name) or Book(name)
    prices = (data.home, data.draw, data.away)
    told = _order(data.phase, data.market_version, at, prices)
    changed = heard(world, match, event.source)
    if book.time is None or told > _order(
        book.phase, book.version, book.time, (book.home, book.draw, book.away)
    ):
        book = Book(
            name,
            *prices,
            *shin(*prices),
            data.phase,
            data.market_version,
            at,
            book.suspended_version,
            book.suspended_time,
        )
        _put(match, book)
        changed = True
    return _kept(world, match) if changed else ()


def odds_suspended(world: World, event: OddsSuspended) -> tuple[str, ...]:
    """A bookmaker takes no bets; newer prices of it open its market again."""
    match = match_of(world, event)
    data, at = event.data, utc(event.time, "time")
    if data.market is not Market.MATCH_ODDS:
        return ()
    name = data.bookmaker.lower()
    book = match.books.get(name) or Book(name)
    changed = heard(world, match, event.source)
    known = book.suspended_time
    if known is None or (data.market_version, at) > (book.suspended_version, known):
        _put(
            match,
            msgspec.structs.replace(book, suspended_version=data.market_version, suspended_time=at),
        )
        changed = True
    return _kept(world, match) if changed else ()


def _order(
    phase: OddsPhase, version: int, at: datetime, prices: tuple[float, float, float]
) -> _Order:
    """Newer is greater: by market version, else by time; equals are told apart by what they say."""
    return (
        phase is not OddsPhase.OPENING,
        version,
        at,
        phase is OddsPhase.CLOSING,
        prices,
        phase.value,
    )


def _put(match: MatchState, book: Book) -> None:
    """Take a bookmaker's new state, and choose the market anew."""
    suspended = book.suspended_time is not None and (
        book.time is None
        or (book.suspended_version, book.suspended_time) >= (book.version, book.time)
    )
    if suspended != book.suspended:
        book = msgspec.structs.replace(book, suspended=suspended)
    match.books = {**match.books, book.bookmaker: book}
    match.market = _followed(match.books)


def _followed(books: dict[str, Book]) -> Book | None:
    """The bookmaker that we follow, of those that ever gave a price."""
    for name in FOLLOWED:
        book = books.get(name)
        if book is not None and book.time is not None:
            return book
    priced = [(book.time, name) for name, book in books.items() if book.time is not None]
    return books[max(priced)[1]] if priced else None


def _kept(world: World, match: MatchState) -> tuple[str, ...]:
    world.keep_match(match)
    return (match.match_id,)
