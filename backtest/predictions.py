"""``predictions.csv``: one line a match, with the columns that the design fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from backtest.last_forecasts import PreMatch
    from producers.match_rows import MatchRow, Prices

Phase: TypeAlias = Literal["opening", "closing"]

CHANCES = ["p_home", "p_draw", "p_away"]
MARKET = ["market_home", "market_draw", "market_away"]
COLUMNS = [
    *("match_id", "competition", "date", "home", "away", "minute", "home_score", "away_score"),
    *CHANCES,
    *MARKET,
    "outcome",
]
_UNKNOWN = (float("nan"),) * 3


def join(rows: Iterable[MatchRow], forecasts: Mapping[str, PreMatch], phase: Phase) -> pd.DataFrame:
    """Put each played match beside its last forecast before kick-off, by date and match id.

    The frame has :data:`COLUMNS`; probabilities are float64, the market's NaN where unknown.
    Matches without a result, or without a forecast, are left out: nothing of theirs can be scored.
    """
    joined = [
        (
            *(row.match_id, row.competition, row.date.isoformat(), row.home, row.away, 0, 0, 0),
            *(made.home, made.draw, made.away),
            *_market_of(row, phase),
            row.outcome,
        )
        for row in rows
        if row.outcome is not None and (made := forecasts.get(row.match_id)) is not None
    ]
    return pd.DataFrame(joined, columns=COLUMNS).sort_values(["date", "match_id"])


def _market_of(row: MatchRow, phase: Phase) -> tuple[float, ...]:
    """The average bookmaker's probabilities, margin removed in proportion."""
    prices: Prices | None = row.avg_closing if phase == "closing" else row.avg_opening
    return _UNKNOWN if prices is None else prices.probabilities()


def write(predictions: pd.DataFrame, path: Path) -> None:
    """Write *predictions* as CSV; what is unknown is empty."""
    predictions.to_csv(path, index=False, float_format="%.9f", lineterminator="\n")
