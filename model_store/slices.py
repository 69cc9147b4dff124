"""The held-out matches by season, league, balance, time of season, newcomers and minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_store.evaluate import Interval, bootstrap, hits, log_losses, ranked_probability_scores
from model_store.manifest import Slice
from model_store.play_fit import MARKS, played

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from model_store.out_of_fold import OutOfFold
    from model_store.training_set import TrainingSet

    Floats = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

_FEWEST_ROWS = 30
_EVEN, _CLEAR = 0.45, 0.60
_EARLY_MATCHES, _KNOWN_MATCHES = 6, 38


def slices(held_out: OutOfFold, served: Floats, *, seed: int) -> list[Slice]:
    """The stack and what is served (n, 3), on every part that has 30 matches; then by minute.

    Where only some matches of a part have a closing market, "priced" is what is served of those.
    """
    rows = held_out.rows
    priced = np.asarray(np.isfinite(rows.market_closing).all(axis=1))
    made = []
    for by, part, which in _parts(rows, served):
        for name, forecasts in (("stack", held_out.forecasts["stack"]), ("served", served)):
            made += _slice(rows, (by, part, name), forecasts, which, seed)
        if not priced[which].all():
            made += _slice(rows, (by, part, "priced"), served, which & priced, seed)
    for name, by_minute in played(held_out).items():
        for mark in MARKS:
            answered = np.asarray(np.isfinite(by_minute[mark]).all(axis=1))
            about = ("minute", f"{mark}'", name)
            made += _slice(rows, about, by_minute[mark], answered, seed)
    return made


def _parts(rows: TrainingSet, served: Floats) -> Iterator[tuple[str, str, Mask]]:
    for season in rows.seasons():
        yield "season", season, np.asarray(rows.season == season)
    for league in sorted(set(rows.competition.tolist())):
        yield "league", league, np.asarray(rows.competition == league)
    top = served.max(axis=1)
    yield "balance", "even (no outcome above 45 %)", top < _EVEN
    yield "balance", "favourite (45 to 60 %)", (top >= _EVEN) & (top < _CLEAR)
    yield "balance", "clear favourite (above 60 %)", top >= _CLEAR
    home, away = served[:, 0], served[:, 2]
    yield "balance", "away side is the favourite", away > home
    early = _least(rows, "season_matches")
    if early is not None:
        yield "time", "first six matches of a season", early < _EARLY_MATCHES
        yield "time", "later", early >= _EARLY_MATCHES
    known = _least(rows, "matches")
    if known is not None:
        yield "teams", "a newcomer (fewer than 38 matches known)", known < _KNOWN_MATCHES
        yield "teams", "both known", known >= _KNOWN_MATCHES


def _least(rows: TrainingSet, stem: str) -> Floats | None:
    """The smaller of the home and the away team's column."""
    names = [f"{stem}_home", f"{stem}_away"]
    if not set(names) <= set(rows.feature_names):
        return None
    pair = rows.team[:, [rows.feature_names.index(name) for name in names]]
    least: Floats = np.nan_to_num(pair, nan=0.0).min(axis=1)
    return least


def _slice(
    rows: TrainingSet, about: tuple[str, str, str], made: Floats, which: Mask, seed: int
) -> list[Slice]:
    """One slice, or none where too few matches are in it."""
    if which.sum() < _FEWEST_ROWS:
        return []
    made, outcome, market = made[which], rows.outcome[which], rows.market_closing[which]
    by, part, name = about
    # In play the market before kick-off is no measure.
    priced = by != "minute" and bool(np.isfinite(market).all())
    beside = _measured(market, outcome, seed) if priced else None
    loss, ranked, right = _measured(made, outcome, seed)
    told = None if beside is None else beside[0].value
    return [Slice(by, part, name, len(outcome), loss, ranked, right, told, beside)]


def _measured(made: Floats, outcome: npt.NDArray[np.int8], seed: int) -> list[Interval]:
    measures = (log_losses, ranked_probability_scores, hits)
    values = np.stack([measure(made, outcome) for measure in measures], axis=1)
    return bootstrap(values, seed=seed)
