"""What a score distribution says: outcome, goals of both sides, over 2.5, both teams to score.

The final score is what stands plus two Poisson numbers (Maher 1982), each cell of that table
weighed by whether it is a home win, a draw or an away win. The weights let the table have exactly
the three probabilities that are forecast, so that everything read off it agrees with them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from model_store.compiled import compiled
from model_store.skellam import MOST_GOALS, goal_probabilities, margin_below

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

NAMES = ("home", "draw", "away", "goals_home", "goals_away", "over_2_5", "both_score")
"""The columns of a forecast."""

_UNDER = 2


@compiled
def read_off(
    rates: tuple[float, float],
    score: tuple[int, int],
    log_weights: tuple[float, float, float],
    line: Floats,
) -> None:
    """Write the seven of `NAMES` into *line* (7,).

    *rates* are the expected goals still to come of home and away, above 0; *score* the goals so
    far; *log_weights* weigh home, draw and away.
    """
    home, away = np.empty(MOST_GOALS + 1), np.empty(MOST_GOALS + 1)
    goal_probabilities(rates[0], home)
    goal_probabilities(rates[1], away)
    heaviest = max(log_weights[0], log_weights[1], log_weights[2])
    won = math.exp(log_weights[0] - heaviest)
    draw = math.exp(log_weights[1] - heaviest)
    lost = math.exp(log_weights[2] - heaviest)
    lead = score[0] - score[1]
    two_behind = margin_below(home, away, -1 - lead)
    behind = margin_below(home, away, -lead)
    not_ahead = margin_below(home, away, 1 - lead)
    not_two_ahead = margin_below(home, away, 2 - lead)
    every = margin_below(home, away, MOST_GOALS + 1)

    home_wins = max(every - not_ahead, 0.0) * won
    draws = max(not_ahead - behind, 0.0) * draw
    away_wins = max(behind, 0.0) * lost
    whole = home_wins + draws + away_wins
    line[0], line[1], line[2] = home_wins / whole, draws / whole, away_wins / whole
    # E[goals · 1(outcome)] of a Poisson number is its mean times the probability of that outcome
    # with one goal more.
    one_more = max(every - behind, 0.0) * won + max(behind - two_behind, 0.0) * draw
    one_more += max(two_behind, 0.0) * lost
    line[3] = one_more / whole * rates[0] + score[0]
    one_more = max(every - not_two_ahead, 0.0) * won + max(not_two_ahead - not_ahead, 0.0) * draw
    one_more += max(not_ahead, 0.0) * lost
    line[4] = one_more / whole * rates[1] + score[1]

    under = 0.0
    for more_home in range(_UNDER + 1 - score[0] - score[1]):
        for more_away in range(_UNDER + 1 - score[0] - score[1] - more_home):
            after = lead + more_home - more_away
            weight = won if after > 0 else (draw if after == 0 else lost)
            under += home[more_home] * away[more_away] * weight
    line[5] = max(1.0 - under / whole, 0.0)
    # A side that has not scored and will not: then it has lost, or it is nil each.
    home_nil = home[0] if score[0] == 0 else 0.0
    away_nil = away[0] if score[1] == 0 else 0.0
    nil = home_nil * lost + away_nil * won + home_nil * away_nil * (draw - won - lost)
    line[6] = max(1.0 - nil / whole, 0.0)
