"""``predictions.csv``: one line a match, with the columns that the design fixes."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from backtest.last_forecasts import PreMatch
    from producers.match_rows import MatchRow, Prices

Phase: TypeAlias = Literal["opening", "closing"]

COLUMNS = [
    "match_id",
    "competition",
    "date",
    "home",
    "away",
    "minute",
    "home_score",
    "away_score",
    "p_home",
    "p_draw",
    "p_away",
    "market_home",
    "market_draw",
    "market_away",
    "outcome",
]


class Prediction(Struct, frozen=True, kw_only=True):
    """A forecast, the market's at the same time where known, and what happened."""

    match_id: str
    competition: str
    date: str
    home: str
    away: str
    chances: tuple[float, float, float]
    market: tuple[float, float, float] | None
    outcome: str
    minute: int = 0
    home_score: int = 0
    away_score: int = 0


def market_of(row: MatchRow, phase: Phase) -> tuple[float, float, float] | None:
    """Return the average bookmaker's probabilities, margin removed in proportion."""
    prices: Prices | None = row.avg_closing if phase == "closing" else row.avg_opening
    return None if prices is None else prices.probabilities()


def join(
    rows: Iterable[MatchRow], forecasts: Mapping[str, PreMatch], phase: Phase
) -> list[Prediction]:
    """Put each played match beside its last forecast before kick-off, by date and match id.

    Matches without a result, or without a forecast, are left out: nothing of theirs can be scored.
    """
    joined = [
        Prediction(
            match_id=row.match_id,
            competition=row.competition,
            date=row.date.isoformat(),
            home=row.home,
            away=row.away,
            chances=(made.home, made.draw, made.away),
            market=market_of(row, phase),
            outcome=row.outcome,
        )
        for row in rows
        if row.outcome is not None and (made := forecasts.get(row.match_id)) is not None
    ]
    return sorted(joined, key=lambda one: (one.date, one.match_id))


def write(predictions: Iterable[Prediction], path: Path) -> None:
    """Write *predictions* as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for one in predictions:
            market = ("", "", "") if one.market is None else tuple(f"{p:.9f}" for p in one.market)
            writer.writerow(
                (
                    one.match_id,
                    one.competition,
                    one.date,
                    one.home,
                    one.away,
                    one.minute,
                    one.home_score,
                    one.away_score,
                    *(f"{p:.9f}" for p in one.chances),
                    *market,
                    one.outcome,
                )
            )
