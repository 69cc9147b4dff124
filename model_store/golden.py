"""Vectors of every kind that a model meets, so that its answers to them can be checked anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_store.columns import PHASE_CLOSING, PHASE_OPENING, PHASE_UNKNOWN

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_store.columns import Columns
    from model_store.training_set import TrainingSet

_ROWS = 24
_MINUTES = (0.0, 12.0, 33.0, 45.0, 58.0, 71.0, 84.0, 90.0)


def golden_rows(training: TrainingSet, columns: Columns) -> npt.NDArray[np.float64]:
    """24 vectors, float64 (24, columns), spread over the training rows.

    By thirds: before kick-off (no market, opening, closing), in play, and finished or with
    unknown team columns.
    """
    places = np.linspace(0, len(training) - 1, _ROWS).astype(np.int64)
    vectors = columns.before_kick_off(
        training.team[places], training.market_closing[places], PHASE_CLOSING
    )
    for row, vector in enumerate(vectors):
        _set_market(vector, training, int(places[row]), row, columns)
        kind, turn = row % 3, row // 3
        if kind == 1:
            vector[columns.minute] = _MINUTES[turn % len(_MINUTES)]
            vector[columns.home_score : columns.away_reds + 1] = _live(turn)
        elif kind == 2 and turn % 2:  # noqa: PLR2004 - the last third
            vector[columns.minute], vector[columns.finished] = 90.0, 1.0
            vector[columns.home_score : columns.away_reds + 1] = _live(turn)
        elif kind == 2:  # noqa: PLR2004
            vector[: columns.teams : 1 + turn] = np.nan
    return vectors


def _set_market(
    vector: npt.NDArray[np.float64], training: TrainingSet, place: int, row: int, columns: Columns
) -> None:
    """Every fourth row knows no market, every fourth only the opening."""
    if row % 4 == 0:
        vector[columns.market], vector[columns.phase] = np.nan, PHASE_UNKNOWN
    elif row % 4 == 1 and np.isfinite(training.market_opening[place]).all():
        vector[columns.market] = training.market_opening[place]
        vector[columns.phase] = PHASE_OPENING


def _live(turn: int) -> tuple[float, float, float, float]:
    """Goals and red cards of home and away."""
    return float(turn % 3), float(turn % 2), float(turn == 5), float(turn == 3)  # noqa: PLR2004
