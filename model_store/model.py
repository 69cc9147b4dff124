"""A loaded model: feature vectors in, probabilities out, each row for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_store.columns import Columns
from model_store.forecast_rows import forecast_rows
from model_store.in_play import course_of
from model_store.rates import solved_table
from model_store.score_lines import NAMES
from schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from model_store.in_play import Intensity
    from model_store.kick_off import KickOff
    from model_store.manifest import Manifest
    from model_store.rates import Totals

    Floats = npt.NDArray[np.float64]

_CHANCES = slice(0, 3)


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
        self._course = course_of(intensity)
        self._table = solved_table()

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
        lines = np.empty((len(vectors), len(NAMES)))
        forecast_rows(
            vectors,
            self.kick_off(vectors),
            self._columns.places,
            self._totals,
            self._table,
            self._course,
            lines,
        )
        return lines
