"""Out-of-fold forecasts become the figures of a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_store.calibration import bins
from model_store.evaluate import Interval, accuracy, log_loss, paired, rps, scores
from model_store.manifest import League, Metrics, Month
from model_store.slices import slices

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_store.out_of_fold import OutOfFold

    Floats = npt.NDArray[np.float64]

_BESIDE = ("xgboost", "lightgbm", "network", "elo", "dixon_coles", "base_rates")
_BY_LEAGUE = ("stack", "market_closing", "pool_closing")


def metrics(held_out: OutOfFold, *, seed: int) -> Metrics:
    """All figures of these forecasts, each forecaster where it has an answer."""
    rows = held_out.rows
    answered = {name: _answered(made) for name, made in held_out.forecasts.items()}
    made_ready = served(held_out)
    confidence = made_ready.max(axis=1)
    return Metrics(
        seasons=rows.seasons(),
        forecasters={
            name: scores(made[answered[name]], rows.outcome[answered[name]], seed=seed)
            for name, made in held_out.forecasts.items()
            if answered[name].any()
        },
        leagues={
            name: _leagues(held_out, name, answered[name])
            for name in _BY_LEAGUE
            if answered[name].any()
        },
        against_stack={
            name: _beside(held_out, name, answered[name], seed)
            for name in _BESIDE
            if answered[name].any()
        },
        slices=slices(held_out, made_ready, seed=seed),
        mean_confidence=float(confidence.mean()),
        calibration=bins(made_ready, rows.outcome),
        months=_months(held_out, made_ready),
        confidence_error=float(confidence.std(ddof=1) / np.sqrt(len(confidence))),
    )


def _months(held_out: OutOfFold, made_ready: Floats) -> list[Month]:
    rows, stack = held_out.rows, held_out.forecasts["stack"]
    priced = _answered(rows.market_closing)
    months = rows.kick_off.astype("datetime64[M]")
    made = []
    for month in np.unique(months[priced]):
        mine = priced & (months == month)
        losses = [
            log_loss(of[mine], rows.outcome[mine])
            for of in (stack, made_ready, rows.market_closing)
        ]
        made.append(Month(str(month), int(mine.sum()), *losses))
    return made


def _beside(held_out: OutOfFold, name: str, which: npt.NDArray[np.bool_], seed: int) -> Interval:
    stack, other = held_out.forecasts["stack"][which], held_out.forecasts[name][which]
    return paired(stack, other, held_out.rows.outcome[which], seed=seed)


def _answered(made: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(np.isfinite(made).all(axis=1))


def served(held_out: OutOfFold) -> Floats:
    """What would be served at kick-off: the pool with the newest market, else the stack."""
    served: Floats = held_out.forecasts["stack"]
    for name in ("pool_opening", "pool_closing"):
        made = held_out.forecasts[name]
        served = np.where(_answered(made)[:, np.newaxis], made, served)
    return served


def _leagues(held_out: OutOfFold, name: str, answered: npt.NDArray[np.bool_]) -> dict[str, League]:
    leagues = {}
    for league in sorted(set(held_out.rows.competition[answered].tolist())):
        which = answered & (held_out.rows.competition == league)
        made, outcome = held_out.forecasts[name][which], held_out.rows.outcome[which]
        leagues[league] = League(
            rows=int(which.sum()),
            log_loss=log_loss(made, outcome),
            rps=rps(made, outcome),
            accuracy=accuracy(made, outcome),
        )
    return leagues
