"""How good forecasts were at each minute, all leagues together, beside the market before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtest.scoring import MinuteScores


def minutes_table(minutes: Sequence[MinuteScores], title: str) -> Table:
    """Lay out one line a minute; the last two columns are over the matches with known prices."""
    table = Table(title=f"By the minute: {title}")
    table.add_column("Minute")
    for heading in ("Matches", "Accuracy", "Log-loss", "RPS", "RPS, priced", "market at kick-off"):
        table.add_column(heading, justify="right")
    for at in minutes:
        every = at.leagues[-1]
        priced, market = every.model_where_market, every.market
        table.add_row(
            str(at.minute),
            f"{every.n:,}",
            f"{every.model.accuracy.value:.1%}",
            f"{every.model.log_loss.value:.4f}",
            f"{every.model.rps.value:.4f}",
            f"{priced.rps.value:.4f}" if priced else "–",
            f"{market.rps.value:.4f}" if market else "–",
        )
    return table
