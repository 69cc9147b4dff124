"""The market of a match: one bookmaker's average of all, or the consensus of those that we know."""

from __future__ import annotations

from datetime import timedelta
from math import log
from operator import attrgetter
from statistics import median
from typing import TYPE_CHECKING

from msgspec.structs import replace

from features.sources import in_force, silent
from features.state import MarketState
from schemas.events import OddsPhase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from features.state import Book, Chances, FeedMark, MatchState, Price

AVERAGE = "avg"
"""The bookmaker's name under which feeds tell the average of all bookmakers."""

CONSENSUS = "consensus"

STALE_BEFORE = timedelta(hours=12)
STALE_IN_PLAY = timedelta(minutes=5)
"""A price older than this, measured from the newest of the match, takes no part in a consensus."""

_LEAST = 1e-6

# Of a bookmaker that never gave a price. No NaN: states are compared, and no NaN equals another.
_SUSPENDED = MarketState("", 0.0, 0.0, 0.0, OddsPhase.UNKNOWN, None, suspended=True)


def market_of(match: MatchState, feeds: Mapping[str, FeedMark]) -> MarketState | None:
    """The average of all bookmakers where it is told and takes bets; else the others' consensus.

    The consensus is the median of the probabilities without margin, made to sum to one, over the
    bookmakers that take bets, whose source speaks and whose price is no stale one. Where all have
    suspended, the market has.
    """
    if len(match.books) == 1:
        (book,) = match.books.values()
        if book.newest is not None:
            return _of_one(book)
    books = _one_source_each(match, feeds)
    priced = [book for book in books if book.newest is not None]
    if not priced:
        return _SUSPENDED if books else None
    usable = [b for b in priced if not b.suspended and not silent(b.source, feeds)]
    average = next((book for book in usable if book.bookmaker == AVERAGE), None)
    if average is not None:
        return _of_one(average)
    fresh = _fresh(usable, match)
    if fresh:
        return _of_one(fresh[0]) if len(fresh) == 1 else _consensus(fresh)
    # Nobody takes bets or speaks: the average's or the newest last word, for the record.
    return _of_one(max(priced, key=lambda b: (b.bookmaker == AVERAGE, _newest_at(b), b.bookmaker)))


def before_play(match: MatchState) -> MarketState | None:
    """The market as it last stood before kick-off, suspended since or not.

    A price quoted in play holds minute and score already: whoever conditions on them needs this.
    """
    market = match.market
    if market is None or (not market.suspended and _is_before(market, match)):
        return market
    books = [
        replace(book, newest=book.before, suspended_at=None)
        for book in _one_source_each(match, {})
        if book.before is not None
    ]
    average = next((book for book in books if book.bookmaker == AVERAGE), None)
    if average is not None or len(books) == 1:
        return _of_one(average or books[0])
    fresh = _fresh(books, match)
    return _consensus(fresh) if fresh else None


def _is_before(market: MarketState, match: MatchState) -> bool:
    if market.phase is OddsPhase.OPENING or market.phase is OddsPhase.CLOSING:
        return True
    return market.time is None or market.time < match.kick_off


def closing_chances(match: MatchState) -> Chances | None:
    """The market's last probabilities from before kick-off, suspended since or not."""
    if len(match.books) == 1:
        (only,) = match.books.values()
        return None if only.before is None else only.before.chances
    books = [book for book in _one_source_each(match, {}) if book.before is not None]
    if not books:
        return None
    for book in books:
        if book.bookmaker == AVERAGE:
            return None if book.before is None else book.before.chances
    prices = [book.before for book in books if book.before is not None]
    last = max(price.at for price in prices)
    phase = max(_weight(price) for price in prices)
    return _median([p for p in prices if last - p.at <= STALE_BEFORE and _weight(p) == phase])


def _one_source_each(match: MatchState, feeds: Mapping[str, FeedMark]) -> list[Book]:
    """Each bookmaker as its source in force tells it, by name."""
    if len(match.books) == 1:
        return list(match.books.values())
    by_name: dict[str, dict[str, Book]] = {}
    for book in match.books.values():
        by_name.setdefault(book.bookmaker, {})[book.source] = book
    found = []
    for name in sorted(by_name):
        source = in_force(by_name[name], feeds)
        if source is not None:
            found.append(by_name[name][source])
    return found


def _fresh(books: list[Book], match: MatchState) -> list[Book]:
    """Those whose price is of the newest phase and near the newest in time."""
    if len(books) < 2:  # noqa: PLR2004 - one price is the newest
        return books
    prices = {book.bookmaker: book.newest for book in books if book.newest is not None}
    last = max(price.at for price in prices.values())
    phase = max(_weight(price) for price in prices.values())
    limit = STALE_BEFORE if last <= match.kick_off else STALE_IN_PLAY
    return [
        book
        for book in books
        if last - prices[book.bookmaker].at <= limit and _weight(prices[book.bookmaker]) == phase
    ]


def _weight(price: Price) -> bool:
    """An opening price says nothing once others are quoted."""
    return price.phase is not OddsPhase.OPENING


def _of_one(book: Book) -> MarketState:
    price = book.newest
    if price is None:
        raise ValueError(book)  # pragma: no cover - callers hand over priced books only
    return MarketState(
        book.bookmaker, *price.chances, price.phase, price.at, book.suspended, 1, *_moved(book)
    )


def _consensus(books: list[Book]) -> MarketState:
    prices = [book.newest for book in books if book.newest is not None]
    moves = [_moved(book) for book in books]
    newest = max(prices, key=attrgetter("at"))
    phases = {price.phase for price in prices}
    return MarketState(
        CONSENSUS,
        *_median(prices),
        phases.pop() if len(phases) == 1 else OddsPhase.CURRENT,
        newest.at,
        False,  # noqa: FBT003 - the field says which
        len(books),
        median(move[0] for move in moves),
        median(move[1] for move in moves),
    )


def _median(prices: list[Price]) -> Chances:
    home, draw, away = (median(column) for column in zip(*(p.chances for p in prices), strict=True))
    whole = home + draw + away
    return home / whole, draw / whole, away / whole


def _newest_at(book: Book) -> float:
    return 0.0 if book.newest is None else book.newest.at.timestamp()


def _moved(book: Book) -> tuple[float, float]:
    """By how much the log-odds of a home and of an away win moved since the opening."""
    now, then = book.newest, book.opening
    if now is None or then is None or now is then or now.chances == then.chances:
        return 0.0, 0.0
    return (
        _log_odds(now.chances[0]) - _log_odds(then.chances[0]),
        _log_odds(now.chances[2]) - _log_odds(then.chances[2]),
    )


def _log_odds(chance: float) -> float:
    held = min(max(chance, _LEAST), 1.0 - _LEAST)
    return log(held / (1.0 - held))
