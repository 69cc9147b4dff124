"""``held_out.json``: what a version forecast, out of fold, for each match it was not trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from schemas.errors import ModelError

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_store.training_set import TrainingSet

    Floats = npt.NDArray[np.float64]
    Outcomes = npt.NDArray[np.int8]

_PER_MILLION = 1_000_000
_LEAST = 1e-6


class HeldOut(msgspec.Struct, frozen=True):
    """Matches in the order of their kick-off; ``served`` in millionths of home, draw, away."""

    match_id: list[str]
    competition: list[str]
    outcome: list[int]
    served: list[tuple[int, int, int]]

    @classmethod
    def of(cls, rows: TrainingSet, served: Floats) -> HeldOut:
        """What was *served*, float64 (n, 3), for these *rows*."""
        millionths = np.rint(served * _PER_MILLION).astype(np.int64)
        return cls(
            rows.match_id.tolist(),
            rows.competition.tolist(),
            rows.outcome.tolist(),
            [tuple(row) for row in millionths.tolist()],
        )

    def array(self) -> Floats:
        """The probabilities, float64 (n, 3)."""
        made = np.maximum(np.array(self.served, dtype=np.float64) / _PER_MILLION, _LEAST)
        probabilities: Floats = made / made.sum(axis=1, keepdims=True)
        return probabilities

    def outcomes(self) -> Outcomes:
        """0 home, 1 draw, 2 away, int8 (n,)."""
        return np.array(self.outcome, dtype=np.int8)

    def leagues(self) -> npt.NDArray[np.str_]:
        """The competition of each match, (n,)."""
        return np.array(self.competition)

    def base_rates(self) -> Floats:
        """The share of each outcome among these very matches, (n, 3): hard on a candidate."""
        shares = np.bincount(self.outcomes(), minlength=3) / len(self.outcome)
        return np.tile(shares, (len(self.outcome), 1))

    def beside(self, other: HeldOut) -> tuple[Floats, Floats, Outcomes, npt.NDArray[np.str_]]:
        """Both forecasts (m, 3), outcomes and leagues of the matches that both hold.

        Raises:
            ModelError: When they do not agree on what happened in one of them.
        """
        places = {match_id: place for place, match_id in enumerate(other.match_id)}
        pairs = [(mine, places[m]) for mine, m in enumerate(self.match_id) if m in places]
        for here, there in pairs:
            if self._facts(here) != other._facts(there):
                raise ModelError(
                    f"held_out.json says of {self.match_id[here]} (competition, outcome) "
                    f"{self._facts(here)}, the champion's {other._facts(there)}: outcomes are "
                    "0 home, 1 draw, 2 away."
                )
        mine, theirs = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        return (
            self.array()[mine],
            other.array()[theirs],
            self.outcomes()[mine],
            self.leagues()[mine],
        )

    def _facts(self, place: int) -> tuple[str, int]:
        return self.competition[place], self.outcome[place]


def encode_held_out(held_out: HeldOut) -> bytes:
    """Write it as JSON."""
    return msgspec.json.encode(held_out) + b"\n"


def decode_held_out(raw: bytes, label: str) -> HeldOut:
    """Read it back.

    Raises:
        ModelError: When it is not what its name says.
    """
    try:
        held_out = msgspec.json.decode(raw, type=HeldOut)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{label}: held_out.json cannot be read: {error}.") from error
    columns = (held_out.competition, held_out.outcome, held_out.served)
    if any(len(held_out.match_id) != len(column) for column in columns):
        raise ModelError(f"{label}: held_out.json has columns that differ in length.")
    if not set(held_out.outcome) <= {0, 1, 2}:
        raise ModelError(f"{label}: held_out.json holds an outcome other than 0, 1 and 2.")
    return held_out
