"""A loaded model: feature vectors in, probabilities out, each row for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_store.columns import Columns
from model_store.in_play import InPlay, Intensity
from model_store.kick_off import MOST_REMEMBERED
from model_store.rates import Totals, fitted_log_total, inputs, log_rates, log_weights, prepare
from schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from model_store.kick_off import KickOff
    from model_store.manifest import Manifest

    Floats = npt.NDArray[np.float64]

# Nothing in football is surer than this; it also keeps every logarithm finite.
_LEAST_PROBABILITY = 1e-6
# More rows at once would leave the cache of the processor and gain nothing.
_BLOCK = 128
_OVER = 2.5
_CHANCES = slice(0, 3)
# What is remembered of a match before kick-off: its chances, log rates and log weights.
_LOG_RATES, _LOG_WEIGHTS, _WIDTH = slice(3, 5), slice(5, 8), 8


class Model:
    """One version of a forecaster."""

    def __init__(
        self,
        label: str,
        manifest: Manifest,
        kick_off: KickOff,
        totals: Sequence[Totals],
        intensity: Intensity,
    ) -> None:
        """Take ready parts; `ModelStore.load` verifies them and puts them together.

        *totals* are for no market, an opening and a closing one.
        """
        self.label = label
        self.manifest = manifest
        self.kick_off = kick_off
        self._columns = Columns(manifest.feature_names)
        self._totals = np.array([of.row() for of in totals])
        self._in_play = InPlay(intensity)
        prepare()
        self._at_kick_off: dict[bytes, list[float]] = {}

    def predict(self, vectors: Floats) -> Floats:
        """Probabilities of home, draw, away: float64 (n, 3) of float64 (n, columns), NaN unknown.

        A row's bits do not depend on the other rows. They sum to 1 and none is 0, but for a
        finished match, whose result is certain.

        Raises:
            ModelError: When the vectors have another number of columns.
        """
        return np.ascontiguousarray(self.forecast(vectors)[:, _CHANCES])

    def forecast(self, vectors: Floats) -> Floats:
        """All that is forecast, float64 (n, 7) in the order of `score_lines.NAMES`.

        The three probabilities, expected final goals of both sides, and the probabilities of more
        than 2.5 goals and of both teams scoring, all from one score distribution.

        Raises:
            ModelError: When the vectors have another number of columns.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self._columns.count:  # noqa: PLR2004
            raise ModelError(
                f"{self.label} reads vectors of {self._columns.count} columns; "
                f"it was given an array of shape {vectors.shape}."
            )
        if len(vectors) <= _BLOCK:
            return self._forecast_block(vectors)
        blocks = [vectors[start : start + _BLOCK] for start in range(0, len(vectors), _BLOCK)]
        return np.concatenate([self._forecast_block(block) for block in blocks])

    def _forecast_block(self, vectors: Floats) -> Floats:
        before, minute = self._before(vectors), vectors[:, self._columns.minute]
        # A minute that is not known is not ≥ 0 either.
        is_live = minute >= 0
        lines = self._conditioned(before, vectors, minute, is_live)
        if not np.logical_and.reduce(is_live):
            waiting = (~is_live).nonzero()[0]
            lines[waiting, _CHANCES] = before[waiting, _CHANCES]
        finished = vectors[:, self._columns.finished] > 0
        if np.logical_or.reduce(finished):
            lines[finished] = self._results(vectors[finished])
        return lines

    def _before(self, vectors: Floats) -> Floats:
        """Chances and the score distribution at kick-off, (n, 8), remembered by what they are of.

        A minute or a goal leaves that as it is. A row's bits do not depend on the others, so what
        is remembered is what would be computed.
        """
        known, end = self._at_kick_off, self._columns.phase + 1
        keys = [row.tobytes() for row in vectors[:, :end]]
        if len(known) + len(keys) > MOST_REMEMBERED:
            known.clear()
        if missing := {key: place for place, key in enumerate(keys) if key not in known}:
            made = self._distribution(vectors[list(missing.values())])
            known.update(zip(missing, made.tolist(), strict=True))
        return np.array([known[key] for key in keys]).reshape(-1, _WIDTH)

    def _distribution(self, vectors: Floats) -> Floats:
        chances = self.kick_off(vectors)
        unknown = np.isnan(chances[:, 0])
        chances[unknown] = 1 / 3
        _bound(chances)
        rating = self._columns.rated_goals(vectors)
        totals = self._totals.take(self._columns.market_phase(vectors), axis=0, mode="clip")
        made = np.empty((len(vectors), _WIDTH))
        log_total = fitted_log_total(totals, inputs(chances, rating))
        made[:, _LOG_RATES] = logs = log_rates(chances, log_total)
        made[:, _LOG_WEIGHTS] = log_weights(chances, logs)
        made[:, _CHANCES] = chances
        # Whoever gets it sees that there is none, for this row alone.
        made[unknown] = np.nan
        return made

    def _conditioned(
        self, before: Floats, vectors: Floats, minute: Floats, is_live: npt.NDArray[np.bool_]
    ) -> Floats:
        """Forecasts at this minute and score; before kick-off, at 0-0 in minute 0."""
        at, played = self._columns, is_live[:, None]
        lines = self._in_play(
            before[:, _LOG_RATES],
            before[:, _LOG_WEIGHTS],
            np.where(is_live, minute, 0.0),
            np.where(played, vectors[:, at.home_score : at.away_score + 1], 0.0),
            np.where(played, vectors[:, at.home_reds : at.away_reds + 1], 0.0),
        )
        _bound(lines[:, _CHANCES])
        return lines

    def _results(self, vectors: Floats) -> Floats:
        home = vectors[:, self._columns.home_score]
        away = vectors[:, self._columns.away_score]
        facts = (home > away, home == away, home < away, home, away)
        return np.stack(
            [*facts, home + away > _OVER, (home > 0) & (away > 0)], axis=1, dtype=np.float64
        )


def _bound(chances: Floats) -> None:
    """Let no probability of (n, 3) be less than the least, and each row sum to 1, in place."""
    np.maximum(chances, _LEAST_PROBABILITY, out=chances)
    chances /= np.add.reduce(chances, axis=1, keepdims=True)
