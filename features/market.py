"""The market of a match: one bookmaker's average of all, or the consensus of those that we know."""

from __future__ import annotations

from datetime import timedelta
from itertools import compress
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
    from datetime import datetime

    from features.state import Book, Chances, FeedMark, MatchState, Price

AVERAGE = "avg"
"""The bookmaker's name under which feeds tell the average of all bookmakers."""

CONSENSUS = "consensus"

STALE_BEFORE = timedelta(hours=12)
STALE_IN_PLAY = timedelta(minutes=5)
"""A price older than this, measured from the newest of the match, takes no part in a consensus."""

MOST_QUOTED = 8
"""Of each bookmaker so many of the last prices from before play are kept.

Where play turns out to have begun before all of them, what is known of the market before play ends
with its last opening or closing price.
"""

_LEAST = 1e-6
_MOST = 1.0 - _LEAST

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
            return _of_one(book, match)
    books = _one_source_each(match, feeds)
    priced = [book for book in books if book.newest is not None]
    if not priced:
        return _SUSPENDED if books else None
    usable = [b for b in priced if not b.suspended and not silent(b.source, feeds)]
    average = next((book for book in usable if book.bookmaker == AVERAGE), None)
    if average is not None:
        return _of_one(average, match)
    fresh = list(compress(usable, _fresh([b.newest for b in usable if b.newest], match.play_at)))
    if fresh:
        return _of_one(fresh[0], match) if len(fresh) == 1 else _consensus(fresh, match)
    # Nobody takes bets or speaks: the average's or the newest last word, for the record.
    last = max(priced, key=lambda b: (b.bookmaker == AVERAGE, _newest_at(b), b.bookmaker))
    return _of_one(last, match)


def before_play(match: MatchState) -> tuple[Chances, OddsPhase] | None:
    """What the market said last before kick-off, suspended since or not.

    A price quoted in play holds minute and score already: whoever conditions on them needs this.
    """
    market = match.market
    if market is None:
        return None
    if (
        not market.suspended
        and market.time is not None
        and _is_before(market.phase, market.time, match)
    ):
        return (market.p_home, market.p_draw, market.p_away), market.phase
    prices = {
        book.bookmaker: price
        for book in _one_source_each(match, {})
        if (price := _last_before(book)) is not None
    }
    one = prices.get(AVERAGE) or (next(iter(prices.values())) if len(prices) == 1 else None)
    if one is not None:
        return one.chances, one.phase
    known = list(prices.values())
    fresh = list(compress(known, _fresh(known, match.play_at)))
    return (_median(fresh), _phase(fresh)) if fresh else None


def outbids(price: Price, other: Price | None) -> bool:
    """Whether *price* is the newer one: by market version, else by time.

    An opening price never is, once another phase's is known. Equals are told apart by what they
    say, so that it does not matter which of them came first.
    """
    if other is None:
        return True
    opening = price.phase is OddsPhase.OPENING
    if opening is not (other.phase is OddsPhase.OPENING):
        return not opening
    if price.version != other.version:
        return price.version > other.version
    if price.at != other.at:
        return price.at > other.at
    return _tie(price) > _tie(other)


def opens(price: Price, other: Price | None) -> bool:
    """Whether *price* is the earlier one; of one instant's opening prices the newest version."""
    if other is None:
        return True
    if (
        price.phase is OddsPhase.OPENING
        and other.phase is OddsPhase.OPENING
        and price.at == other.at
        and price.version != other.version
    ):
        return price.version > other.version
    return outbids(other, price)


def _tie(price: Price) -> tuple[bool, float, float, float, str]:
    is_closing = price.phase is OddsPhase.CLOSING
    return is_closing, price.home, price.draw, price.away, price.phase.value


def is_placed(phase: OddsPhase) -> bool:
    """Whether a price of this phase is from before kick-off, whatever its time says."""
    return phase is OddsPhase.OPENING or phase is OddsPhase.CLOSING


def _is_before(phase: OddsPhase, at: datetime, match: MatchState) -> bool:
    return is_placed(phase) or at < match.play_at


def _last_before(book: Book) -> Price | None:
    """The bookmaker's last price from before play, by what is known of both now."""
    if not book.quoted:
        return book.before
    last = book.quoted[-1]
    return last if outbids(last, book.before) else book.before


def with_quoted(quoted: tuple[Price, ...], told: Price) -> tuple[Price, ...]:
    """The last prices from before play, oldest first, with one more in its place."""
    if not quoted or outbids(told, quoted[-1]):
        return (*quoted, told)[-MOST_QUOTED:]
    if told in quoted:
        return quoted
    place = len(quoted)
    while place and outbids(quoted[place - 1], told):
        place -= 1
    return (*quoted[:place], told, *quoted[place:])[-MOST_QUOTED:]


def place_anew(match: MatchState) -> None:
    """Tell prices from before play from later ones, by what is now known of when it begins."""
    play_at = match.play_at
    for name, book in match.books.items():
        quoted = tuple(price for price in book.quoted if price.at < play_at)
        newest = book.newest
        if newest is not None and not is_placed(newest.phase) and newest.at < play_at:
            quoted = with_quoted(quoted, newest)
        if quoted != book.quoted:
            match.books[name] = replace(book, quoted=quoted)


def closing_chances(match: MatchState) -> Chances | None:
    """The market's last probabilities from before kick-off, suspended since or not."""
    if len(match.books) == 1:
        (only,) = match.books.values()
        price = _last_before(only)
        return None if price is None else price.chances
    prices = []
    for book in _one_source_each(match, {}):
        price = _last_before(book)
        if price is None:
            continue
        if book.bookmaker == AVERAGE:
            return price.chances
        prices.append(price)
    if not prices:
        return None
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


def _fresh(prices: list[Price], play_at: datetime) -> list[bool]:
    """Which prices are of the newest phase and near the newest in time."""
    if not prices:
        return []
    last = max(price.at for price in prices)
    phase = max(_weight(price) for price in prices)
    limit = STALE_BEFORE if last <= play_at else STALE_IN_PLAY
    return [last - price.at <= limit and _weight(price) == phase for price in prices]


def _weight(price: Price) -> bool:
    """An opening price says nothing once others are quoted."""
    return price.phase is not OddsPhase.OPENING


def _of_one(book: Book, match: MatchState) -> MarketState:
    price = book.newest
    if price is None:
        raise ValueError(book)  # pragma: no cover - callers hand over priced books only
    moved = _moved(book, match)
    return MarketState(
        book.bookmaker, *price.chances, price.phase, price.at, book.suspended, 1, *moved
    )


def _consensus(books: list[Book], match: MatchState) -> MarketState:
    prices = [book.newest for book in books if book.newest is not None]
    moves = [_moved(book, match) for book in books]
    newest = max(prices, key=attrgetter("at"))
    return MarketState(
        CONSENSUS,
        *_median(prices),
        _phase(prices),
        newest.at,
        False,  # noqa: FBT003 - the field says which
        len(books),
        median(move[0] for move in moves),
        median(move[1] for move in moves),
    )


def _phase(prices: list[Price]) -> OddsPhase:
    phases = {price.phase for price in prices}
    return phases.pop() if len(phases) == 1 else OddsPhase.CURRENT


def _median(prices: list[Price]) -> Chances:
    home, draw, away = (median(column) for column in zip(*(p.chances for p in prices), strict=True))
    whole = home + draw + away
    return home / whole, draw / whole, away / whole


def _newest_at(book: Book) -> float:
    return 0.0 if book.newest is None else book.newest.at.timestamp()


def _moved(book: Book, match: MatchState) -> tuple[float, float]:
    """By how much the log-odds of a home and of an away win moved since the opening."""
    now, then = book.newest, book.opening
    if now is None or then is None or now is then or now.chances == then.chances:
        return 0.0, 0.0
    if not _is_before(then.phase, then.at, match):
        return 0.0, 0.0
    return (
        _log_odds(now.chances[0]) - _log_odds(then.chances[0]),
        _log_odds(now.chances[2]) - _log_odds(then.chances[2]),
    )


def _log_odds(chance: float) -> float:
    if not _LEAST <= chance <= _MOST:
        chance = min(max(chance, _LEAST), _MOST)
    return log(chance / (1.0 - chance))
