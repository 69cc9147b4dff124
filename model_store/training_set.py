"""The rows a model is trained on: one per finished match, as known at its kick-off."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

PLAY_MINUTES = (*range(5, 50, 5), 45, *range(50, 95, 5))
"""Minutes after which ``play`` tells a match's state; the second 45 is half-time."""

HALF_TIME_PLACE = 9
OUTCOMES = ("home", "draw", "away")
_FEWEST_ROWS = 60
_FEWEST_SEASONS = 2


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class TrainingSet:
    """Arrays of n finished matches, one row each, in any order.

    ``team`` is float64 (n, len(feature_names)), NaN where unknown. ``market_opening`` and
    ``market_closing`` are float64 (n, 3), probabilities without margin, NaN where unknown.
    ``outcome`` is int8 (n,): 0 home, 1 draw, 2 away. ``season``, ``competition`` and ``match_id``
    are strings (n,); ``kick_off`` is datetime64[s] (n,), UTC.

    ``goals``, int8 (n, 2), are the goals of home and away. ``play``, int8 (n, 19, 4), holds home
    goals, away goals, home reds and away reds after each of `PLAY_MINUTES`, -1 where unknown.
    Without them the published in-play figures are used.
    """

    team: npt.NDArray[np.float64]
    feature_names: tuple[str, ...]
    market_opening: npt.NDArray[np.float64]
    market_closing: npt.NDArray[np.float64]
    outcome: npt.NDArray[np.int8]
    season: npt.NDArray[np.str_]
    competition: npt.NDArray[np.str_]
    kick_off: npt.NDArray[np.datetime64]
    match_id: npt.NDArray[np.str_]
    goals: npt.NDArray[np.int8] | None = None
    play: npt.NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.outcome)

    def check(self) -> None:
        """Make sure that a model can be trained on these rows.

        Raises:
            ModelError: When shapes or values are wrong, or there is too little history.
        """
        self._check_shapes()
        self._check_values()
        seasons = self.seasons()
        if len(seasons) < _FEWEST_SEASONS:
            raise ModelError(
                f"Training needs at least {_FEWEST_SEASONS} seasons, so that one can be forecast "
                f"from the other; the data hold {len(seasons)}"
                f" ({', '.join(seasons) or 'no match at all'})."
            )
        if len(self) < _FEWEST_ROWS:
            raise ModelError(
                f"Training needs at least {_FEWEST_ROWS} finished matches; the data hold "
                f"{len(self)}. Give more seasons or more leagues."
            )

    def seasons(self) -> list[str]:
        """The seasons in the order of their median kick-off."""
        middles = {
            str(season): np.median(self.kick_off[self.season == season].astype(np.int64))
            for season in np.unique(self.season)
        }
        return sorted(middles, key=lambda season: (middles[season], season))

    def in_order(self) -> TrainingSet:
        """The same rows by kick-off, then match id, so that their order cannot change a model."""
        return self.rows(np.lexsort((self.match_id, self.kick_off)))

    def rows(self, which: npt.NDArray[Any]) -> TrainingSet:
        """The rows that *which* selects, an index or a mask."""
        arrays = {name: value[which] for name, value in self._arrays().items()}
        return TrainingSet(feature_names=self.feature_names, **arrays)

    def digest(self) -> str:
        """Sha256, hexadecimal, over names and every value."""
        sha = hashlib.sha256("\n".join(self.feature_names).encode())
        for name, value in self._arrays().items():
            sha.update(f"\n{name} {value.shape}\n".encode())
            sha.update(_plain_bytes(value))
        return sha.hexdigest()

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "feature_names" and getattr(self, field.name) is not None
        }

    def _check_shapes(self) -> None:
        rows = len(self.outcome)
        wanted: dict[str, Sequence[int]] = dict.fromkeys(self._arrays(), (rows,))
        wanted["team"] = (rows, len(self.feature_names))
        wanted |= {"goals": (rows, 2), "play": (rows, len(PLAY_MINUTES), 4)}
        wanted["market_opening"] = wanted["market_closing"] = (rows, 3)
        for name, value in self._arrays().items():
            if value.shape != tuple(wanted[name]):
                raise ModelError(
                    f"The training set's {name} has shape {value.shape}; with {rows} outcomes and "
                    f"{len(self.feature_names)} feature names it must be {tuple(wanted[name])}."
                )

    def _check_values(self) -> None:
        if not np.isin(self.outcome, (0, 1, 2)).all():
            raise ModelError("The training set's outcome must be 0 (home), 1 (draw) or 2 (away).")
        if np.isinf(self.team).any():
            column = self.feature_names[int(np.isinf(self.team).any(axis=0).argmax())]
            raise ModelError(f"The training set's column {column} holds an infinite value.")
        self._check_goals()
        for name in ("market_opening", "market_closing"):
            market = getattr(self, name)
            known = market[np.isfinite(market).all(axis=1)]
            if (known <= 0).any() or (abs(known.sum(axis=1) - 1) > 1e-6).any():  # noqa: PLR2004
                raise ModelError(
                    f"The training set's {name} must be positive probabilities that sum to 1."
                )
        if len(np.unique(self.match_id)) != len(self):
            raise ModelError("The training set holds a match twice; each may stand there once.")

    def _check_goals(self) -> None:
        if self.goals is None:
            if self.play is not None:
                raise ModelError("The training set tells the play of matches, but not their goals.")
            return
        if (self.outcome != 1 - np.sign(self.goals[:, 0] - self.goals[:, 1])).any():
            raise ModelError("The training set's goals and outcome do not agree in every match.")
        if self.play is not None and (self.play[:, :, :2] > self.goals[:, None, :]).any():
            raise ModelError("The training set has more goals during a match than at its end.")


def _plain_bytes(value: npt.NDArray[Any]) -> bytes:
    """The values as bytes that do not depend on the width of a string array."""
    if value.dtype.kind == "U":
        return "\0".join(value.tolist()).encode()
    if value.dtype.kind == "M":
        value = value.astype("datetime64[s]").astype(np.int64)
    return np.ascontiguousarray(value).tobytes()
