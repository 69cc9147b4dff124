"""Whole forecasts, row by row: from chances at kick-off to what is forecast now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_store.columns import PHASE_UNKNOWN, Places, market_phase
from model_store.compiled import compiled
from model_store.in_play import Course, condition
from model_store.rates import inputs_of_row, log_rates_of_row, log_weights_of_row

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# Nothing in football is surer than this; it also keeps every logarithm finite.
_LEAST_PROBABILITY = 1e-6
_OVER = 2.5
_MOST_COUNTED = 99


@compiled
def forecast_rows(
    vectors: Floats,
    chances: Floats,
    at: Places,
    totals: Floats,
    table: Floats,
    course: Course,
    lines: Floats,
) -> None:
    """Write `score_lines.NAMES` of each row of *vectors* (n, columns) into *lines* (n, 7).

    *chances* (n, 3) are those at kick-off, NaN where there are none: no forecast is made of such a
    row. *totals* (3, 4) are `Totals` by market phase, *table* is `solved_table`.
    """
    for row in range(len(vectors)):
        vector, line = vectors[row], lines[row]
        score = _counted(vector[at.score]), _counted(vector[at.score + 1])
        if vector[at.finished] > 0:
            _tell_result(score, line)
        elif np.isnan(chances[row, 0]):
            line[:] = np.nan
        else:
            before = _bounded(chances[row])
            _forecast(vector, before, score, at, totals, table, course, line)


@compiled
def _forecast(
    vector: Floats,
    before: tuple[float, float, float],
    score: tuple[int, int],
    at: Places,
    totals: Floats,
    table: Floats,
    course: Course,
    line: Floats,
) -> None:
    rating = vector[at.goals_home] + vector[at.goals_away] if at.goals_home >= 0 else 0.0
    known = inputs_of_row(before, rating)
    phase = min(max(market_phase(vector, at), PHASE_UNKNOWN), len(totals) - 1)
    log_total = 0.0
    for place in range(4):
        log_total += totals[phase, place] * known[place]
    logs = log_rates_of_row(before, log_total, table)
    weights = log_weights_of_row(before, logs)
    # A minute that is not known is not ≥ 0 either.
    if vector[at.minute] >= 0:
        reds = _counted(vector[at.reds]), _counted(vector[at.reds + 1])
        condition(course, logs, weights, vector[at.minute], score, reds, line)
        line[0], line[1], line[2] = _bounded(line)
    else:
        condition(course, logs, weights, 0.0, (0, 0), (0, 0), line)
        line[0], line[1], line[2] = before


@compiled
def _tell_result(score: tuple[int, int], line: Floats) -> None:
    home, away = score
    line[0], line[1], line[2] = home > away, home == away, home < away
    line[3], line[4] = home, away
    line[5], line[6] = home + away > _OVER, home > 0 and away > 0


@compiled
def _bounded(chances: Floats) -> tuple[float, float, float]:
    """No probability is less than the least, and they sum to 1."""
    home = max(chances[0], _LEAST_PROBABILITY)
    draw = max(chances[1], _LEAST_PROBABILITY)
    away = max(chances[2], _LEAST_PROBABILITY)
    whole = home + draw + away
    return home / whole, draw / whole, away / whole


@compiled
def _counted(number: float) -> int:
    """A number of goals or cards; none where it is unknown."""
    return int(min(number, _MOST_COUNTED)) if number > 0 else 0
