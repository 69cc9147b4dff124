"""From a score distribution at kick-off to that at this minute, score and number of men.

Goals of both sides are Poisson (Maher 1982) with an intensity that changes through the match and
with the score (Dixon & Robinson 1998, "A birth process model for association football matches");
a red card scales both rates (Vecer, Kopriva & Ichiba 2009, "Estimating the effect of the red card
in soccer"). What the outcome's weights say beyond two Poissons fades with the goals to come.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from model_store.compiled import compiled
from model_store.score_lines import read_off

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Play = npt.NDArray[np.integer[Any]]

_FEWEST_LOG_GOALS = -9.0
_LAST_MINUTE = 120
_HALF_TIME, _FULL_TIME = 45, 90
_ADDED_MINUTES = 10
_MOST_LEAD, _MOST_REDS = 2, 3


class Intensity(msgspec.Struct, frozen=True, kw_only=True):
    """When goals fall, and what score and cards do to them.

    ``by_five`` shares of a match's goals in minutes 1-5, 6-10 … 86-90 and ``first_stoppage``,
    ``second_stoppage`` in added time. ``red_own`` and ``red_other`` scale a side's rate for each
    red card of its own and of the other. The others are logarithms of a side's rate: ``level``
    by z = minute/90 when level, ``ahead`` by one and by more, ``ahead_late`` times z, and so when
    ``behind``. The defaults were fitted on 12 leagues, 2014/15 to 2021/22.
    """

    by_five: list[float] = msgspec.field(
        default_factory=lambda: [
            *(0.0367, 0.0454, 0.0470, 0.0475, 0.0477, 0.0474, 0.0494, 0.0490, 0.0519),
            *(0.0455, 0.0576, 0.0568, 0.0556, 0.0558, 0.0558, 0.0563, 0.0583, 0.0587),
        ]
    )
    first_stoppage: float = 0.0198
    second_stoppage: float = 0.0580
    red_own: float = 0.606
    red_other: float = 1.473
    level: float = -0.076
    ahead: tuple[float, float] = (-0.006, 0.044)
    ahead_late: float = -0.051
    behind: tuple[float, float] = (0.060, 0.057)
    behind_late: float = 0.024

    def shares_left(self) -> Floats:
        """The share of a match's goals still to come after minutes 0, 1 … 120, (121,).

        Minute 45 is half-time; minute 90 the middle of the added time, of which a tenth is left
        from ten minutes on.
        """
        per_minute = np.repeat(self.by_five, 5) / 5.0
        left = np.zeros(_LAST_MINUTE + 1)
        left[: _FULL_TIME + 1] = per_minute.sum() - np.concatenate([[0.0], per_minute.cumsum()])
        left[:_HALF_TIME] += self.first_stoppage
        added = np.arange(_LAST_MINUTE + 1) - _FULL_TIME
        running = np.clip(0.5 - added / _ADDED_MINUTES, 0.1, 0.5)
        left += self.second_stoppage * np.where(added < 0, 1.0, running)
        shares: Floats = left / left[0]
        return shares

    def score_effects(self) -> Floats:
        """Log factors of home's and of away's rate, (121, 5, 2), by minute and home's lead."""
        z = np.minimum(np.arange(_LAST_MINUTE + 1) / _FULL_TIME, 1.0)
        own = np.stack(
            [
                self.behind[1] + self.behind_late * z,
                self.behind[0] + self.behind_late * z,
                self.level * z,
                self.ahead[0] + self.ahead_late * z,
                self.ahead[1] + self.ahead_late * z,
            ],
            axis=1,
        )
        return np.stack([own, own[:, ::-1]], axis=2)


class Course(NamedTuple):
    """An `Intensity` as tables, for the minutes 0 … 120.

    ``left`` (121,) shares of goals to come; ``log_factors`` (121, 5, 2) of home's and of away's
    rate by minute and home's lead of -2 … 2; and what a red card of one's own and of the other adds
    to a log rate.
    """

    left: Floats
    log_factors: Floats
    red_own: float
    red_other: float


def course_of(intensity: Intensity) -> Course:
    """Tables that are made once and looked up for each forecast."""
    left = intensity.shares_left()
    log_factors = intensity.score_effects() + np.log(left)[:, None, None]
    return Course(left, log_factors, math.log(intensity.red_own), math.log(intensity.red_other))


@compiled
def condition(
    course: Course,
    log_rates: tuple[float, float],
    log_weights: tuple[float, float, float],
    minute: float,
    score: tuple[int, int],
    reds: tuple[int, int],
    line: Floats,
) -> None:
    """Write the forecast at this minute, 0 or more, and score into *line* (7,).

    *log_rates* and *log_weights* are those at kick-off; *reds* the red cards of home and away.
    """
    now = int(min(minute, _LAST_MINUTE))
    lead = min(max(score[0] - score[1], -_MOST_LEAD), _MOST_LEAD) + _MOST_LEAD
    own, other = min(reds[0], _MOST_REDS), min(reds[1], _MOST_REDS)
    home = log_rates[0] + course.log_factors[now, lead, 0]
    home += own * course.red_own + other * course.red_other
    away = log_rates[1] + course.log_factors[now, lead, 1]
    away += other * course.red_own + own * course.red_other
    rates = math.exp(max(home, _FEWEST_LOG_GOALS)), math.exp(max(away, _FEWEST_LOG_GOALS))
    left = course.left[now]
    faded = log_weights[0] * left, log_weights[1] * left, log_weights[2] * left
    read_off(rates, score, faded, line)


@compiled
def conditioned(
    course: Course, log_rates: Floats, log_weights: Floats, minute: Floats, score: Play, reds: Play
) -> Floats:
    """`condition` row by row, float64 (n, 7).

    *log_rates* (n, 2), *log_weights* (n, 3), *minute* (n,), *score* and *reds* integers (n, 2).
    """
    lines = np.empty((len(minute), 7))
    for row in range(len(minute)):
        condition(
            course,
            (log_rates[row, 0], log_rates[row, 1]),
            (log_weights[row, 0], log_weights[row, 1], log_weights[row, 2]),
            minute[row],
            (int(score[row, 0]), int(score[row, 1])),
            (int(reds[row, 0]), int(reds[row, 1])),
            lines[row],
        )
    return lines
