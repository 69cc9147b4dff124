"""Whether what was given a third of the chance happened a third of the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Outcomes = npt.NDArray[np.integer]

OUTCOMES = ("home", "draw", "away")
_BINS = 10


class Bin(msgspec.Struct, frozen=True):
    """The forecasts of one outcome from ``low`` to below ``high``: how many, and what came of them.

    ``mean_forecast`` is what they said on average, ``frequency`` how often the outcome happened.
    """

    outcome: str
    low: float
    high: float
    n: int
    mean_forecast: float
    frequency: float


def bins(probabilities: Floats, outcome: Outcomes) -> list[Bin]:
    """Ten equal bins for each outcome, of probabilities (n, 3); empty ones are left out."""
    made = []
    for k, name in enumerate(OUTCOMES):
        given, happened = probabilities[:, k], outcome == k
        place = np.minimum((given * _BINS).astype(np.int64), _BINS - 1)
        for number in range(_BINS):
            if not (mine := place == number).any():
                continue
            made.append(
                Bin(
                    outcome=name,
                    low=number / _BINS,
                    high=(number + 1) / _BINS,
                    n=int(mine.sum()),
                    mean_forecast=float(given[mine].mean()),
                    frequency=float(happened[mine].mean()),
                )
            )
    return made
