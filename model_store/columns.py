"""Where what stands in a feature vector, as far as a model must know."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from model_store.compiled import compiled
from schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

MARKET_COLUMNS = ("market_home", "market_draw", "market_away", "market_phase")
MOVE_COLUMNS = ("market_moved_home", "market_moved_away")
LIVE_COLUMNS = ("minute", "home_score", "away_score", "home_reds", "away_reds", "finished")
RATED_GOALS = ("goals_expected_home", "goals_expected_away")
PHASE_UNKNOWN, PHASE_OPENING, PHASE_CLOSING = 0, 1, 2


def places_of_rated_goals(names: Sequence[str]) -> list[int]:
    """The places of the goals that the ratings expect of home and away."""
    return [names.index(name) for name in RATED_GOALS if name in names]


def rated_goals(rows: npt.NDArray[np.float64], places: Sequence[int]) -> npt.NDArray[np.float64]:
    """Goals of both sides that the ratings expect, (n,), by the columns at these places."""
    goals: npt.NDArray[np.float64] = np.add.reduce(rows[:, places], axis=1)
    return goals


class Places(NamedTuple):
    """Where a row holds what compiled code reads; -1 for rated goals that are no column."""

    goals_home: int
    goals_away: int
    market: int
    phase: int
    minute: int
    score: int
    reds: int
    finished: int


@compiled
def market_phase(row: npt.NDArray[np.float64], at: Places) -> int:
    """0 where no market is known, 1 an opening or current one, 2 a closing one."""
    known = row[at.market] > 0 and row[at.market + 1] > 0 and row[at.market + 2] > 0
    return int(row[at.phase]) if known else PHASE_UNKNOWN


class Columns:
    """The team columns, which come first, and the place of each market and live column."""

    def __init__(self, names: Sequence[str]) -> None:
        """Find the groups in *names*.

        Raises:
            ModelError: When the market and live columns do not end the vector in their order.
        """
        tail = MARKET_COLUMNS + MOVE_COLUMNS + LIVE_COLUMNS
        if tuple(names[-len(tail) :]) != tail or len(names) <= len(tail):
            raise ModelError(
                "A feature vector must be team columns followed by "
                f"{', '.join(tail)}; it ends in {', '.join(names[-3:]) or 'nothing'}."
            )
        self.names = tuple(names)
        self.count = len(names)
        self.teams = len(names) - len(tail)
        self.market = slice(self.teams, self.teams + 3)
        self.phase = self.teams + 3
        live = self.teams + len(MARKET_COLUMNS) + len(MOVE_COLUMNS)
        self.minute = live
        self.home_score = live + 1
        self.away_score = live + 2
        self.home_reds = live + 3
        self.away_reds = live + 4
        self.finished = live + 5
        rated = places_of_rated_goals(names) or [-1, -1]
        self.places = Places(
            goals_home=rated[0],
            goals_away=rated[-1],
            market=self.teams,
            phase=self.phase,
            minute=self.minute,
            score=self.home_score,
            reds=self.home_reds,
            finished=self.finished,
        )

    def before_kick_off(
        self, team: npt.NDArray[np.float64], market: npt.NDArray[np.float64], phase: int
    ) -> npt.NDArray[np.float64]:
        """Vectors, float64 (n, count), of matches not yet begun.

        *team* is (n, teams); *market* (n, 3), NaN where no price is known.
        """
        vectors = np.zeros((len(team), self.count))
        vectors[:, : self.teams] = team
        vectors[:, self.market] = market
        known = np.isfinite(market).all(axis=1)
        vectors[:, self.phase] = np.where(known, phase, PHASE_UNKNOWN)
        vectors[:, self.minute] = np.nan
        return vectors
