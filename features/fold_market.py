"""The market folds in: prices and suspensions of each bookmaker, as each source tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from features.checks import match_of, room, said_at
from features.feeds import heard
from features.ledger import reconcile
from features.market import is_placed, market_of, opens, outbids, with_quoted
from features.play import is_stale
from features.shin import shin
from features.state import Book, Price
from schemas.errors import RejectedEventError
from schemas.events import Market

if TYPE_CHECKING:
    from datetime import datetime

    from features.state import MatchState
    from features.world import World
    from schemas.events import OddsChanged, OddsChangedData, OddsSuspended

MOST_BOOKS = 64
"""No match has more bookmakers, counted once for each source."""

MOST_PRICE = 10_000.0
"""As on the wire."""

LEAST_SUM, MOST_SUM = 0.7, 2.0
"""Inverse prices that sum to less or more are no bookmaker's: its margin would be absurd."""


def odds_changed(world: World, event: OddsChanged) -> tuple[str, ...]:
    """Prices moved; the newest stand, and an opening price never replaces a later phase's.

    Raises:
        RejectedEventError: When the match is unknown or the prices are impossible.
    """
    match = match_of(world, event)
    data, at = event.data, said_at(event)
    if data.market is not Market.MATCH_ODDS:
        return ()
    _possible(data)
    book = _book(match, data.bookmaker, event.source)
    changed = heard(world, match, event.source)
    known = book
    book = _with_price(book, data, at, match)
    if book is not known:
        match.books[_key(book)] = book
        changed = True
    return _settled(world, match) if changed else ()


def odds_suspended(world: World, event: OddsSuspended) -> tuple[str, ...]:
    """A bookmaker takes no bets; newer prices of it open its market again."""
    match = match_of(world, event)
    data, at = event.data, said_at(event)
    if data.market is not Market.MATCH_ODDS:
        return ()
    book = _book(match, data.bookmaker, event.source)
    changed = heard(world, match, event.source)
    known = book.suspended_at
    if known is None or (data.market_version, at) > (book.suspended_version, known):
        match.books[_key(book)] = msgspec.structs.replace(
            book, suspended_version=data.market_version, suspended_at=at
        )
        changed = True
    return _settled(world, match) if changed else ()


def _possible(data: OddsChangedData) -> None:
    """Check prices that did not come over the wire, and their sum in any case."""
    home, draw, away = data.home, data.draw, data.away
    if not (1.0 < home <= MOST_PRICE and 1.0 < draw <= MOST_PRICE and 1.0 < away <= MOST_PRICE):
        raise RejectedEventError(
            f"the prices {home}, {draw}, {away} of {data.bookmaker} must lie above 1"
        )
    total = 1.0 / home + 1.0 / draw + 1.0 / away
    if not LEAST_SUM <= total <= MOST_SUM:
        raise RejectedEventError(
            f"the prices {home}, {draw}, {away} of {data.bookmaker} cannot be: "
            f"their inverses sum to {total:.2f}"
        )


def _key(book: Book) -> str:
    return f"{book.bookmaker}|{book.source}"


def _book(match: MatchState, bookmaker: str, source: str) -> Book:
    name = bookmaker.lower()
    found = match.books.get(f"{name}|{source}")
    if found is None:
        room(match, match.books, MOST_BOOKS, "bookmakers")
        found = Book(name, source)
    return found


def _with_price(book: Book, data: OddsChangedData, at: datetime, match: MatchState) -> Book:
    """The book with one more price; the same one where it says nothing new."""
    home, draw, away = data.home, data.draw, data.away
    told = Price(home, draw, away, shin(home, draw, away), data.phase, data.market_version, at)
    newest = outbids(told, book.newest)
    before = False
    quoted = book.quoted
    if is_placed(told.phase):
        before = newest if book.before is book.newest else outbids(told, book.before)
    elif at < match.play_at:
        quoted = with_quoted(quoted, told)
    opening = opens(told, book.opening)
    if not (newest or before or opening or quoted != book.quoted):
        return book
    return Book(
        book.bookmaker,
        book.source,
        told if newest else book.newest,
        told if before else book.before,
        told if opening else book.opening,
        book.suspended_version,
        book.suspended_at,
        quoted,
    )


def _settled(world: World, match: MatchState) -> tuple[str, ...]:
    """Choose the market anew; a result's closing odds may come after it."""
    feeds = world.pool(match.pool).feeds
    match.market = market_of(match, feeds)
    match.stale = is_stale(match, feeds)
    world.keep_match(match)
    others = reconcile(world, match) if match.status == "finished" else []
    return match.match_id, *(name for name in others if name != match.match_id)
