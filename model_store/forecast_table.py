"""Out-of-fold forecasts as a table for whoever wants to look at them match by match."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from model_store.training_set import OUTCOMES
from schemas.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from model_store.out_of_fold import OutOfFold

_ABOUT = ("match_id", "competition", "season", "kick_off", "outcome")


def write_forecasts(held_out: OutOfFold, path: Path) -> None:
    """Write one line a match: what it was, then ``<forecaster>_<outcome>`` of every forecaster.

    Six decimals, empty where a forecaster has no answer; ``kick_off`` in UTC.

    Raises:
        ModelError: When the file cannot be written.
    """
    rows, made = held_out.rows, held_out.forecasts
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*_ABOUT, *(f"{name}_{outcome}" for name in made for outcome in OUTCOMES)])
    chances = np.concatenate(list(made.values()), axis=1).tolist()
    about = (
        rows.match_id.tolist(),
        rows.competition.tolist(),
        rows.season.tolist(),
        (f"{instant}Z" for instant in rows.kick_off),
        (OUTCOMES[place] for place in rows.outcome.tolist()),
    )
    for line, told in zip(zip(*about, strict=True), chances, strict=True):
        table.writerow([*line, *("" if np.isnan(chance) else f"{chance:.6f}" for chance in told)])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.getvalue(), "utf-8")
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}.") from error
