"""A market's book, rebuilt from images and deltas."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from producers.betfair.messages import Change, MarketDefinition, RunnerChange

MOST_SPREAD = 0.1
"""Back and lay further apart than this, in probability, say nothing about the middle."""

_WORST_PRICE = 1000.0


@dataclass
class Ladder:
    """One runner's prices: what is on offer at each, what was traded, and the last trade.

    A feed gives either every price (``back``, ``lay``) or the best levels only.
    """

    back: dict[float, float] = field(default_factory=dict)
    lay: dict[float, float] = field(default_factory=dict)
    best_back_levels: dict[int, tuple[float, float]] = field(default_factory=dict)
    best_lay_levels: dict[int, tuple[float, float]] = field(default_factory=dict)
    traded: dict[float, float] = field(default_factory=dict)
    last_traded: float | None = None

    def apply(self, change: RunnerChange) -> None:
        """Take a delta in."""
        _put(self.back, change.atb)
        _put(self.lay, change.atl)
        _put(self.traded, change.trd)
        _put_levels(self.best_back_levels, change.batb)
        _put_levels(self.best_lay_levels, change.batl)
        if change.ltp is not None:
            self.last_traded = change.ltp

    @property
    def best_back(self) -> float | None:
        """The highest price at which one can back."""
        prices = [price for price, _ in self.best_back_levels.values()] or list(self.back)
        return max(prices, default=None)

    @property
    def best_lay(self) -> float | None:
        """The lowest price at which one can lay."""
        prices = [price for price, _ in self.best_lay_levels.values()] or list(self.lay)
        return min(prices, default=None)

    @property
    def price(self) -> float | None:
        """The price in the middle of back and lay, in probability; else the last one traded."""
        back, lay = self.best_back, self.best_lay
        if back is not None and lay is not None and 1 < back <= lay:
            high, low = 1 / back, 1 / lay
            if high - low <= MOST_SPREAD:
                return 2 / (high + low)
        return self.traded_price

    @property
    def traded_price(self) -> float | None:
        """The last price traded, where it is one."""
        last = self.last_traded
        return last if last is not None and 1 < last <= _WORST_PRICE else None


class Market:
    """One market: its definition and, by selection and handicap, its runners' ladders."""

    def __init__(self, market_id: str) -> None:
        self.market_id = market_id
        self.definition: MarketDefinition | None = None
        self.runners: dict[tuple[int, float], Ladder] = {}
        self._is_whole = True

    def lose(self) -> None:
        """A change could not be read: until the next image no level of any ladder is sure."""
        self.runners = {}
        self._is_whole = False

    def price(self, selection: int) -> float | None:
        """A selection's price without handicap; only a newly traded one where levels are unsure."""
        ladder = self.runners.get((selection, 0.0))
        if ladder is None:
            return None
        return ladder.price if self._is_whole else ladder.traded_price

    def apply(self, change: Change) -> None:
        """Take an image or a delta in.

        Raises:
            ValueError: When it is a delta of a market of which nothing is known.
        """
        if self.definition is None and change.market_definition is None:
            raise ValueError("a delta came before the market's image")
        if change.market_definition is not None:
            self.definition = change.market_definition
        if change.img:
            self.runners = {}
            self._is_whole = True
        for runner in change.rc:
            self.runners.setdefault((runner.id, runner.hc or 0.0), Ladder()).apply(runner)


def _put(sizes: dict[float, float], changes: Iterable[tuple[float, float]]) -> None:
    for price, size in changes:
        if size == 0:
            sizes.pop(price, None)
        else:
            sizes[price] = size


def _put_levels(
    levels: dict[int, tuple[float, float]], changes: Iterable[tuple[int, float, float]]
) -> None:
    for level, price, size in changes:
        if size == 0:
            levels.pop(level, None)
        else:
            levels[level] = price, size
