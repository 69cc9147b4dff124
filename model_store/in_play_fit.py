"""The figures of `Intensity`, measured on matches whose goals and cards are known by minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from model_store.in_play import Intensity
from model_store.rates import poisson_regression
from model_store.training_set import HALF_TIME_PLACE, PLAY_MINUTES

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Play = npt.NDArray[np.int8]

# What the published figures count beside the data: goals, and information of a coefficient.
_PRIOR_GOALS = 5000.0
_RIDGE = 200.0
# Minutes 10, 20 … 40, half-time, 55 … 85.
_PLACES = (1, 3, 5, 7, HALF_TIME_PLACE, 11, 13, 15, 17)


def fit_intensity(play: Play, goals: Play, log_rates: Floats) -> Intensity:
    """Fit on play (n, 19, 4), goals (n, 2) and the log rates at kick-off (n, 2) of n matches.

    Goals still to come are regressed on score and cards at nine minutes of each match; few
    matches move the published figures little, none not at all.
    """
    known = play[:, 0, 0] >= 0
    states, goals, log_rates = play[known].astype(np.int64), goals[known], log_rates[known]
    when = _when_goals_fall(states, goals)
    left = np.log(when.shares_left())
    design, to_come, offset = [], [], []
    for place in _PLACES:
        now, minute = states[:, place], PLAY_MINUTES[place]
        for own in (0, 1):
            design.append(_columns(now, own, minute))
            to_come.append(goals[:, own] - now[:, own])
            offset.append(log_rates[:, own] + left[minute])
    prior = np.array(_coefficients(when))
    theta = poisson_regression(
        np.concatenate(design),
        np.concatenate(to_come).astype(np.float64),
        np.concatenate(offset),
        prior,
        np.full(len(prior), _RIDGE),
    )
    return _with_coefficients(when, theta.tolist())


def _when_goals_fall(play: npt.NDArray[np.int64], goals: Play) -> Intensity:
    usual = Intensity()
    so_far = play[:, :, :2].sum(axis=(0, 2))
    counts = np.diff(so_far, prepend=0, append=goals.astype(np.int64).sum())
    first, second = usual.first_stoppage, usual.second_stoppage
    prior = np.array([*usual.by_five[:9], first, *usual.by_five[9:], second])
    shares = counts + _PRIOR_GOALS * prior / prior.sum()
    shares /= shares.sum()
    return msgspec.structs.replace(
        usual,
        by_five=np.delete(shares, [HALF_TIME_PLACE, len(shares) - 1]).tolist(),
        first_stoppage=float(shares[HALF_TIME_PLACE]),
        second_stoppage=float(shares[-1]),
    )


def _columns(now: npt.NDArray[np.int64], own: int, minute: int) -> Floats:
    """Inputs (n, 9) in the order of `_coefficients`, for one side's goals to come."""
    other, z = 1 - own, minute / 90.0
    lead = now[:, own] - now[:, other]
    reds = np.minimum(now[:, 2:], 3)
    columns = (
        reds[:, own],
        reds[:, other],
        (lead == 0) * z,
        lead == 1,
        lead > 1,
        (lead > 0) * z,
        lead == -1,
        lead < -1,
        (lead < 0) * z,
    )
    return np.stack(columns, axis=1).astype(np.float64)


def _coefficients(of: Intensity) -> list[float]:
    reds = np.log([of.red_own, of.red_other]).tolist()
    return [*reds, of.level, *of.ahead, of.ahead_late, *of.behind, of.behind_late]


def _with_coefficients(of: Intensity, theta: list[float]) -> Intensity:
    own, other = np.exp(theta[:2]).tolist()
    return msgspec.structs.replace(
        of,
        red_own=own,
        red_other=other,
        level=theta[2],
        ahead=(theta[3], theta[4]),
        ahead_late=theta[5],
        behind=(theta[6], theta[7]),
        behind_late=theta[8],
    )
