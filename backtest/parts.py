"""The forecasts before kick-off in parts: how even the match is, early in a season, newcomers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from backtest.predictions import CHANCES
from backtest.scoring import score

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt
    import pandas as pd

    from backtest.scoring import LeagueScores
    from producers.match_rows import MatchRow

    Mask: TypeAlias = npt.NDArray[np.bool_]

EVEN, CLEAR = 0.45, 0.60
EARLY_MATCHES = 6
_FEWEST = 30


def by_part(before: pd.DataFrame, known: Iterable[MatchRow]) -> list[LeagueScores]:
    """Score each part that has 30 matches; *before* are the forecasts at minute 0.

    *known* are all matches of the feed: a newcomer is a team that was not in its competition in the
    season before, where that season is known.
    """
    return [
        score(name, before[mask]) for name, mask in _parts(before, list(known)) if _enough(mask)
    ]


def _enough(mask: Mask) -> bool:
    return int(mask.sum()) >= _FEWEST


def _parts(before: pd.DataFrame, known: list[MatchRow]) -> Iterator[tuple[str, Mask]]:
    chances = before[CHANCES].to_numpy(dtype=np.float64)
    top = chances.max(axis=1)
    yield "even: no outcome above 45 %", np.asarray(top < EVEN)
    yield "favourite: 45 to 60 %", np.asarray((top >= EVEN) & (top < CLEAR))
    yield "clear favourite: above 60 %", np.asarray(top >= CLEAR)
    yield "away side is the favourite", np.asarray(chances[:, 2] > chances[:, 0])
    rows = {row.match_id: row for row in known}
    mine = [rows[match_id] for match_id in before["match_id"]]
    early = _early(known)
    is_early = np.array([row.match_id in early for row in mine], dtype=np.bool_)
    yield "first six matches of a side's season", is_early
    yield "later", ~is_early
    new = _newcomers(known)
    has_new = np.array(
        [
            (row.competition, row.season, side) in new
            for row in mine
            for side in (row.home, row.away)
        ],
        dtype=np.bool_,
    ).reshape(-1, 2)
    yield "with a newcomer to the league", np.asarray(has_new.any(axis=1))
    yield "no newcomer", np.asarray(~has_new.any(axis=1))


def _early(known: list[MatchRow]) -> set[str]:
    """The matches before which either side had played fewer than six of the season."""
    played: dict[tuple[str, str, str], int] = {}
    early = set()
    for row in sorted(known, key=lambda row: (row.kick_off, row.match_id)):
        sides = [(row.competition, row.season, side) for side in (row.home, row.away)]
        if min(played.get(side, 0) for side in sides) < EARLY_MATCHES:
            early.add(row.match_id)
        for side in sides:
            played[side] = played.get(side, 0) + 1
    return early


def _newcomers(known: list[MatchRow]) -> set[tuple[str, str, str]]:
    sides: dict[str, dict[str, set[str]]] = {}
    for row in known:
        sides.setdefault(row.competition, {}).setdefault(row.season, set()).update(
            (row.home, row.away)
        )
    new = set()
    for competition, seasons in sides.items():
        order = sorted(seasons)
        for before, season in itertools.pairwise(order):
            new |= {(competition, season, side) for side in seasons[season] - seasons[before]}
    return new
