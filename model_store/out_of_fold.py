"""Forecasts of matches by models that were fitted before their season began."""

from __future__ import annotations

import dataclasses
from binascii import crc32
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from sklearn.model_selection import StratifiedKFold

from model_store.config import Config, Folds
from model_store.logit import softmax
from model_store.members import MEMBERS, fit_members
from model_store.references import dixon_coles, elo
from model_store.stacking import fit_pool, fit_stack, pooled, stack_logits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from model_store.training_set import TrainingSet

    Floats = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

Refit: TypeAlias = Literal["season", "monthly"]
"""How often the forecasters are fitted anew on their way through the seasons."""

_PAST_ODDS = ("past_market_difference",)


@dataclasses.dataclass(frozen=True, eq=False)
class OutOfFold:
    """Rows of the newest seasons, and what was forecast for them before each season.

    ``margins`` is float64 (n, 9), by members fitted on earlier seasons; ``logits`` (n, 3), by a
    stack fitted on the margins of earlier seasons; ``forecasts`` by name (n, 3), NaN where that
    forecaster has no answer.
    """

    rows: TrainingSet
    margins: Floats
    logits: Floats
    forecasts: dict[str, Floats]


def season_weights(training: TrainingSet, decay: float) -> Floats:
    """What each row counts, (n,): 1 in the newest season, *decay* times less each season back."""
    seasons = training.seasons()
    ages = {season: len(seasons) - 1 - place for place, season in enumerate(seasons)}
    return decay ** np.array([ages[str(season)] for season in training.season], dtype=np.float64)


def seen_by_members(training: TrainingSet, config: Config) -> Floats:
    """The team columns, with the rating by past odds hidden in a share of the rows.

    Which ones hangs on the match id alone, so that it does not change with other rows.
    """
    hidden = [place for place, name in enumerate(training.feature_names) if name in _PAST_ODDS]
    if not hidden or not config.hide_past_odds:
        return training.team
    below = config.hide_past_odds * 2**32
    which = [crc32(match_id.encode()) < below for match_id in training.match_id.tolist()]
    team = training.team.copy()
    team[np.ix_(which, hidden)] = np.nan
    return team


def out_of_fold(
    training: TrainingSet,
    config: Config,
    *,
    seed: int,
    progress: Callable[[str, float], None],
    refit: Refit = "season",
) -> OutOfFold:
    """Forecast the newest seasons, each from all that was before it.

    With *refit* ``monthly`` everything is fitted anew at the beginning of every month.
    """
    windows = list(_windows(training, refit, config.held_out_seasons))
    margins = np.full((len(training), 9), np.nan)
    for place, (name, mine, earlier) in enumerate(windows):
        progress(f"out of fold: {name}", place / len(windows))
        past = training.rows(earlier)
        members = fit_members(
            seen_by_members(past, config),
            past.outcome,
            season_weights(past, config.season_decay),
            config,
            seed=seed,
        )
        margins[mine] = members.margins(training.team[mine])
    later = np.isfinite(margins).all(axis=1)
    rows, margins = training.rows(later), margins[later]
    logits, forecasts = _combined(rows, margins, training, config, refit)
    return OutOfFold(rows, margins, logits, forecasts)


def meta_rows(
    training: TrainingSet,
    held_out: OutOfFold,
    config: Config,
    *,
    seed: int,
    progress: Callable[[str, float], None],
) -> tuple[Floats, npt.NDArray[Any]]:
    """Margins (n, 9) and outcomes (n,) that the final meta model learns from."""
    if config.folds is Folds.SEASONS:
        return held_out.margins, held_out.rows.outcome
    margins, team = np.empty((len(training), 9)), seen_by_members(training, config)
    folds = StratifiedKFold(5).split(training.team, training.outcome)
    for place, (rest, mine) in enumerate(folds):
        progress(f"fold {place + 1} of 5", place / 5)
        weight = np.ones(len(rest))
        members = fit_members(team[rest], training.outcome[rest], weight, config, seed=seed)
        margins[mine] = members.margins(training.team[mine])
    return margins, training.outcome


def _windows(training: TrainingSet, refit: Refit, most: int) -> Iterator[tuple[str, Mask, Mask]]:
    """What is forecast at once, in order: its name, its rows, and those that it is forecast from.

    At most the newest *most* seasons, and never the first.
    These kicked off before its first one did, so that none of them was open then.
    """
    seasons = training.seasons()
    first = max(1, len(seasons) - most)
    for place, season in enumerate(seasons[first:], start=first):
        in_season = training.season == season
        if refit == "season":
            begin = training.kick_off[in_season].min()
            earlier = np.isin(training.season, seasons[:place]) & (training.kick_off < begin)
            yield season, in_season, earlier
            continue
        months = training.kick_off.astype("datetime64[M]")
        for month in np.unique(months[in_season]):
            yield str(month), in_season & (months == month), months < month


def _combined(
    rows: TrainingSet, margins: Floats, training: TrainingSet, config: Config, refit: Refit
) -> tuple[Floats, dict[str, Floats]]:
    """Stack logits, and forecasts by name, each season or month from those before it.

    With nothing before it a stack is the mean of its members and a pool the market alone.
    """
    members = {
        name: softmax(margins[:, 3 * place : 3 * place + 3]) for place, name in enumerate(MEMBERS)
    }
    markets = {"opening": rows.market_opening, "closing": rows.market_closing}
    logits = np.empty((len(rows), 3))
    made = {
        name: np.empty((len(rows), 3))
        for name in ("base_rates", "elo", *(f"pool_{m}" for m in markets))
    }
    later = np.isin(training.match_id, rows.match_id)
    for _, wanted, before in _windows(training, refit, config.held_out_seasons):
        mine, earlier = wanted[later], before[later]
        stack = fit_stack(margins[earlier], rows.outcome[earlier], config)
        logits[mine] = stack_logits(stack, margins[mine])
        made["base_rates"][mine] = np.bincount(training.outcome[before], minlength=3) / before.sum()
        made["elo"][mine] = elo(training, before, wanted)
        for name, market in markets.items():
            pool = fit_pool(logits[earlier], market[earlier], rows.outcome[earlier])
            known = np.isfinite(market[mine]).all(axis=1, keepdims=True)
            made[f"pool_{name}"][mine] = np.where(
                known, pooled(pool, logits[mine], market[mine]), np.nan
            )
    stacked = {"stack": softmax(logits)}
    plain = {f"market_{name}": market for name, market in markets.items()}
    plain["dixon_coles"] = dixon_coles(rows)
    return logits, stacked | members | plain | made
