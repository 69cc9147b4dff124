"""What each group of features is worth: the stack out of fold with and without it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from model_store.evaluate import paired
from model_store.out_of_fold import out_of_fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from model_store.config import Config
    from model_store.evaluate import Interval
    from model_store.out_of_fold import Refit
    from model_store.training_set import TrainingSet

GROUPS = {
    "Elo": ("elo",),
    "goal rates (online Dixon-Coles)": ("attack", "defence", "goals_expected", "poisson"),
    "pi-ratings": ("pi_",),
    "past closing odds": ("past_market",),
    "points and goals form": ("points_form", "goals_for", "goals_against", "goals_difference"),
    "form at home and away": ("venue_",),
    "shots and corners": ("shots_", "on_target_", "corners_"),
    "rest": ("rest_",),
    "table": ("season_", "position_"),
    "matches known": ("matches_",),
    "home advantage and goals of the league": ("home_advantage", "goals_mean"),
}


def without_each_group(
    training: TrainingSet,
    config: Config,
    *,
    seed: int,
    progress: Callable[[str, float], None],
    refit: Refit = "season",
) -> Iterator[tuple[str, Interval]]:
    """Yield, group by group, the stack's log-loss without it less that with all features.

    Above 0 the group is worth having. The same held-out matches, with a bootstrap interval.
    """
    rows = training.in_order()
    whole = out_of_fold(rows, config, seed=seed, progress=progress, refit=refit)
    for name, prefixes in GROUPS.items():
        hidden = [column.startswith(prefixes) for column in rows.feature_names]
        team = np.where(hidden, np.nan, rows.team)
        part = dataclasses.replace(rows, team=team)
        held_out = out_of_fold(part, config, seed=seed, progress=progress, refit=refit)
        yield (
            name,
            paired(
                held_out.forecasts["stack"], whole.forecasts["stack"], whole.rows.outcome, seed=seed
            ),
        )
