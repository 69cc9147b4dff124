"""Accuracy, log-loss and RPS beside the market's on the same matches, per minute and league."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from backtest.predictions import CHANCES, MARKET
from model_store.evaluate import Interval, Scores, paired, scores

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

ALL = "all"


class LeagueScores(Struct, frozen=True):
    """One league's or part's figures; the market's are over its ``market_n`` matches with prices.

    ``less_market`` is the model's log-loss less the market's on these: below 0 the model is better.
    """

    league: str
    n: int
    model: Scores
    market_n: int
    market: Scores | None
    model_where_market: Scores | None
    less_market: Interval | None = None


class MinuteScores(Struct, frozen=True):
    """The leagues' figures at one minute; 0 is before kick-off."""

    minute: int
    leagues: list[LeagueScores]


def by_league(predictions: pd.DataFrame) -> list[LeagueScores]:
    """Score each league, in order of its code, and all of them together at the end."""
    if predictions.empty:
        return []
    leagues = [score(str(code), part) for code, part in predictions.groupby("competition")]
    return [*leagues, score(ALL, predictions)]


def by_minute(predictions: pd.DataFrame) -> list[MinuteScores]:
    """Score each minute, and each league within it, in order."""
    return [
        MinuteScores(int(str(minute)), by_league(part))
        for minute, part in predictions.groupby("minute")
    ]


def score(league: str, predictions: pd.DataFrame) -> LeagueScores:
    """Score *predictions* under the name *league*, beside the market where its prices are known."""
    priced = predictions.dropna(subset=MARKET)
    return LeagueScores(
        league=league,
        n=len(predictions),
        model=_scores(predictions, CHANCES),
        market_n=len(priced),
        market=None if priced.empty else _scores(priced, MARKET),
        model_where_market=None if priced.empty else _scores(priced, CHANCES),
        less_market=None if priced.empty else _less_market(priced),
    )


def _less_market(priced: pd.DataFrame) -> Interval:
    model, market = (priced[of].to_numpy(dtype=np.float64) for of in (CHANCES, MARKET))
    return paired(model, market, _outcomes(priced))


def _scores(predictions: pd.DataFrame, columns: list[str]) -> Scores:
    return scores(predictions[columns].to_numpy(dtype=np.float64), _outcomes(predictions))


def _outcomes(predictions: pd.DataFrame) -> npt.NDArray[np.int8]:
    outcomes = predictions["outcome"].map({"H": 0, "D": 1, "A": 2})
    return np.asarray(outcomes.to_numpy(), dtype=np.int8)
