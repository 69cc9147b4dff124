"""What is fitted: the two configurations that stay in the repository."""

from __future__ import annotations

import enum
from typing import Literal

import msgspec

from schemas.errors import ModelError


class Boosting(msgspec.Struct, frozen=True, kw_only=True):
    """A gradient boosted forest; ``leaves`` for LightGBM, ``depth`` for XGBoost."""

    rounds: int
    rate: float
    depth: int = -1
    leaves: int = 31
    fewest_rows: float = 1.0
    row_share: float = 1.0
    column_share: float = 1.0
    ridge: float = 1.0


class Neural(msgspec.Struct, frozen=True, kw_only=True):
    """A perceptron; with several ``seeds`` their outputs are averaged (one hidden layer only)."""

    hidden: tuple[int, ...]
    epochs: int
    ridge: float
    rate: float = 0.001
    batch: int = 200
    seeds: int = 1


class Folds(enum.Enum):
    """How the rows are made that the meta model learns from."""

    SEASONS = "seasons"
    FIVE = "five"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides how a stack is fitted, beside the data and the seed.

    ``hide_past_odds`` is the share of rows whose rating by past odds is hidden from the members, so
    that they can do without where a feed has no odds: wholly trusting it cost .008 of log-loss
    there, hiding three in ten costs .001 where there are odds and .0003 where there are none.
    ``held_out_seasons`` are the newest ones that are forecast out of fold: older ones are learnt
    from alone, as each costs another fit of all members.
    """

    name: str
    xgboost: Boosting
    lightgbm: Boosting
    network: Neural
    folds: Folds
    meta: Literal["full", "weights"]
    meta_ridge: float
    season_decay: float = 1.0
    held_out_seasons: int = 6
    hide_past_odds: float = 0.0


SEED = Config(
    name="seed",
    xgboost=Boosting(rounds=500, rate=0.3, depth=4),
    lightgbm=Boosting(rounds=500, rate=0.1, leaves=31, fewest_rows=20, ridge=0.0),
    network=Neural(hidden=(64, 32), epochs=200, ridge=1e-4),
    folds=Folds.FIVE,
    meta="full",
    meta_ridge=1.0,
)

# Chosen by the out-of-fold log-loss of the five top leagues in 2020/21 to 2023/24, and by nothing
# later. Many shallow trees at a small rate, held back; the more history, the more they gain.
DEFAULT = Config(
    name="default",
    xgboost=Boosting(
        rounds=150,
        rate=0.05,
        depth=3,
        fewest_rows=100.0,
        row_share=0.5,
        column_share=0.2,
        ridge=20.0,
    ),
    lightgbm=Boosting(
        rounds=120,
        rate=0.05,
        leaves=8,
        fewest_rows=300.0,
        row_share=0.5,
        column_share=0.15,
        ridge=30.0,
    ),
    network=Neural(hidden=(6,), epochs=25, ridge=10.0, rate=0.002, seeds=4),
    folds=Folds.SEASONS,
    meta="weights",
    meta_ridge=100.0,
    hide_past_odds=0.3,
)

CONFIGS = {config.name: config for config in (DEFAULT, SEED)}


def config_named(name: str) -> Config:
    """The configuration called *name*.

    Raises:
        ModelError: When there is none.
    """
    if name not in CONFIGS:
        raise ModelError(f"There is no configuration {name!r}; choose one of {', '.join(CONFIGS)}.")
    return CONFIGS[name]
