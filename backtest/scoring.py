"""Accuracy, log-loss and RPS of forecasts beside the market's on the same matches, per league."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from model_store.evaluate import Scores, scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtest.predictions import Prediction

ALL = "all"


class LeagueScores(Struct, frozen=True):
    """One league's figures; the market's are over its ``market_n`` matches with known prices."""

    league: str
    n: int
    model: Scores
    market_n: int
    market: Scores | None
    model_where_market: Scores | None


def by_league(predictions: Sequence[Prediction]) -> list[LeagueScores]:
    """Score each league, in order of its code, and all of them together at the end."""
    leagues = sorted({one.competition for one in predictions})
    scored = [
        _score(league, [one for one in predictions if one.competition == league])
        for league in leagues
    ]
    return [*scored, _score(ALL, predictions)] if predictions else []


def _score(league: str, predictions: Sequence[Prediction]) -> LeagueScores:
    priced = [one for one in predictions if one.market is not None]
    return LeagueScores(
        league=league,
        n=len(predictions),
        model=_scores([one.chances for one in predictions], predictions),
        market_n=len(priced),
        market=_scores([one.market or () for one in priced], priced) if priced else None,
        model_where_market=_scores([one.chances for one in priced], priced) if priced else None,
    )


def _scores(chances: Sequence[Sequence[float]], predictions: Sequence[Prediction]) -> Scores:
    outcome = np.array(["HDA".index(one.outcome) for one in predictions], dtype=np.int8)
    return scores(np.array(chances, dtype=np.float64), outcome)
