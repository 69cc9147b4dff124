"""Rows for training say of each price whose it was: a bookmaker's first word is not its last."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pytest

from commands.training_rows import collect
from producers.football_data import read
from tests.producers.tables import ROW, unexpected, write

if TYPE_CHECKING:
    from pathlib import Path

    from producers.match_events import Odds


@pytest.mark.parametrize(
    ("odds", "known"),
    [("none", (False, False)), ("opening", (True, False)), ("closing", (True, True))],
)
def test_opening_prices_are_not_taken_for_closing_ones(
    tmp_path: Path, odds: Odds, known: tuple[bool, bool]
) -> None:
    write(tmp_path, ROW)

    rows = collect(
        read(tmp_path, odds=odds, report=unexpected), dt.datetime(2025, 7, 1, tzinfo=dt.UTC)
    )

    assert len(rows.outcome) == 1
    opening, closing = np.isfinite(rows.market_opening), np.isfinite(rows.market_closing)
    assert (bool(opening.all()), bool(closing.all())) == known
