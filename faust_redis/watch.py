"""What can be seen of the transport: numbers, and whoever wants to be told of events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from faust.types import TP


@dataclass(slots=True)
class Watch:
    """Counts since the start of this worker, and the lag of what it owns."""

    counts: Counter[str] = field(default_factory=Counter)
    """``commits``, ``records``, ``fenced``, ``dead``, ``rebalances``, ``trimmed_past``."""

    lag_records: dict[TP, int] = field(default_factory=dict)
    """Records stored and not committed, by topic and partition."""

    lag_s: dict[TP, float] = field(default_factory=dict)
    """How long the oldest of them has waited."""

    listeners: list[Callable[[str, TP | None, float], None]] = field(default_factory=list)
    """Called with the name of what happened, where, and how much or how long."""

    def tell(self, what: str, where: TP | None = None, amount: float = 1.0) -> None:
        """Tell every listener."""
        for listener in self.listeners:
            listener(what, where, amount)

    def count(self, what: str, where: TP | None = None, amount: int = 1) -> None:
        """Count something and tell of it."""
        self.counts[what] += amount
        if self.listeners:
            self.tell(what, where, amount)

    def trimmed_past(self, tp: TP, records: int) -> None:
        """Count records that were removed before they were read."""
        self.count("trimmed_past", tp, records)

    def lag(self, tp: TP, records: int, seconds: float) -> None:
        """Note the lag of one stream."""
        self.lag_records[tp] = records
        self.lag_s[tp] = seconds
        if self.listeners:
            self.tell("lag_records", tp, records)
            self.tell("lag_s", tp, seconds)
