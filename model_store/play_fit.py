"""What is fitted of the score distribution: goals in all by what is known, and the course of play.

Fitted on forecasts that are out of fold, so that it learns from them as they will be served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_store.columns import places_of_rated_goals, rated_goals
from model_store.in_play import Intensity, conditioned, course_of
from model_store.in_play_fit import fit_intensity
from model_store.logit import softmax
from model_store.rates import (
    MARKET_TOTALS,
    Totals,
    fit_totals,
    fitted_log_total,
    inputs,
    log_rates,
    log_weights,
    solved_table,
)
from model_store.training_set import PLAY_MINUTES

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_store.out_of_fold import OutOfFold
    from model_store.training_set import TrainingSet

    Floats = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

_LEAST_PROBABILITY = 1e-6
MARKS = (15, 30, 45, 60, 75)
"""Minutes at which in-play forecasts are measured; 45 is half-time, stoppage time included."""


def fit_play(held_out: OutOfFold, which: Mask | None = None) -> tuple[list[Totals], Intensity]:
    """Totals for no market, opening and closing; and the intensity; published figures without data.

    *which* selects rows of *held_out* to learn from, all by default.
    """
    totals = [Totals(), MARKET_TOTALS, MARKET_TOTALS]
    rows = held_out.rows
    if rows.goals is None:
        return totals, Intensity()
    learn = np.ones(len(rows), dtype=np.bool_) if which is None else which
    goals = rows.goals.sum(axis=1).astype(np.float64)
    for place, name in enumerate(("stack", "pool_opening", "pool_closing")):
        made = held_out.forecasts[name]
        mine = learn & np.isfinite(made).all(axis=1)
        columns = inputs(_bounded(made[mine]), _rating(rows)[mine])
        totals[place] = fit_totals(columns, goals[mine], prior=totals[place])
    if rows.play is None:
        return totals, Intensity()
    stack = _bounded(softmax(held_out.logits[learn]))
    logs = _log_rates(stack, _rating(rows)[learn], totals[0])
    return totals, fit_intensity(rows.play[learn], rows.goals[learn], logs)


def played(held_out: OutOfFold) -> dict[str, dict[int, Floats]]:
    """In-play forecasts by forecaster (``stack``, ``pool_closing``) and minute, (n, 3).

    Each season's by figures fitted on the seasons before it; NaN where play or market is unknown,
    and in the first season.
    """
    rows = held_out.rows
    if rows.play is None:
        return {}
    names = ("stack", "pool_closing")
    made = {name: {mark: np.full((len(rows), 3), np.nan) for mark in MARKS} for name in names}
    seasons = rows.seasons()
    for place, season in enumerate(seasons[1:], start=1):
        earlier = np.isin(rows.season, seasons[:place])
        totals, intensity = fit_play(held_out, earlier)
        for name, of in zip(names, (totals[0], totals[2]), strict=True):
            mine = (rows.season == season) & np.isfinite(held_out.forecasts[name]).all(axis=1)
            mine &= rows.play[:, 0, 0] >= 0
            before = _bounded(held_out.forecasts[name][mine])
            logs = _log_rates(before, _rating(rows)[mine], of)
            weights, course = log_weights(before, logs), course_of(intensity)
            for mark in MARKS:
                now = rows.play[mine, _place(mark)]
                minute = np.full(len(now), float(mark))
                lines = conditioned(course, logs, weights, minute, now[:, :2], now[:, 2:])
                made[name][mark][mine] = lines[:, :3]
    return made


def _place(mark: int) -> int:
    """The last place that tells *mark*: for 45 half-time."""
    return len(PLAY_MINUTES) - 1 - PLAY_MINUTES[::-1].index(mark)


def _bounded(chances: Floats) -> Floats:
    bounded: Floats = np.maximum(chances, _LEAST_PROBABILITY)
    bounded /= bounded.sum(axis=1, keepdims=True)
    return bounded


def _rating(rows: TrainingSet) -> Floats:
    return rated_goals(rows.team, places_of_rated_goals(rows.feature_names))


def _log_rates(before: Floats, rating: Floats, totals: Totals) -> Floats:
    total = fitted_log_total(np.array(totals.row()), inputs(before, rating))
    return log_rates(before, total, solved_table())
