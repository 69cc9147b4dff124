"""``predictions.csv``: one line a match and scored minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from backtest.minute_forecasts import Made
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


def join_marks(
    rows: Iterable[MatchRow],
    forecasts: Mapping[tuple[str, int], Made],
    marks: Iterable[int],
    played: Collection[str],
    phase: Phase,
) -> pd.DataFrame:
    """Put each match beside its forecasts before kick-off and, where *played*, at each mark.

    *forecasts* are by match id and mark. A frame as :func:`join` gives it, by date, match id and
    minute; what has no result or no forecast is left out.
    """
    marks = sorted(marks)
    joined = [
        (
            *(row.match_id, row.competition, row.date.isoformat(), row.home, row.away, mark),
            *((made.score.home, made.score.away) if made.score else (0, 0)),
            *(made.home, made.draw, made.away),
            *_market_of(row, phase),
            row.outcome,
        )
        for row in rows
        for mark in ((0, *marks) if row.match_id in played else (0,))
        if row.outcome is not None and (made := forecasts.get((row.match_id, mark))) is not None
    ]
    return pd.DataFrame(joined, columns=COLUMNS).sort_values(["date", "match_id", "minute"])


def _market_of(row: MatchRow, phase: Phase) -> tuple[float, ...]:
    """The average bookmaker's probabilities, margin removed in proportion."""
    prices: Prices | None = row.avg_closing if phase == "closing" else row.avg_opening
    return _UNKNOWN if prices is None else prices.probabilities()


def write(predictions: pd.DataFrame, path: Path) -> None:
    """Write *predictions* as CSV; what is unknown is empty."""
    predictions.to_csv(path, index=False, float_format="%.9f", lineterminator="\n")
