"""How good probabilities of home win, draw and away win were: pure numpy, n rows at a time.

``probabilities`` is float64 (n, 3) in the order home, draw, away; ``outcome`` is int (n,) with
0 home, 1 draw, 2 away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Outcomes = npt.NDArray[np.integer]

_LEAST_PROBABILITY = 1e-15


class Interval(msgspec.Struct, frozen=True):
    """A mean with its bootstrap interval."""

    value: float
    low: float
    high: float


class Scores(msgspec.Struct, frozen=True):
    """The measures of one set of forecasts; the interval is the middle 95 %."""

    rows: int
    log_loss: Interval
    rps: Interval
    accuracy: Interval
    brier: float
    calibration_error: float
    calibration_slope: float = 1.0


def log_losses(probabilities: Floats, outcome: Outcomes) -> Floats:
    """Minus the natural logarithm of what each outcome was given, (n,) (Good 1952)."""
    given = probabilities[np.arange(len(outcome)), outcome]
    losses: Floats = -np.log(np.maximum(given, _LEAST_PROBABILITY))
    return losses


def ranked_probability_scores(probabilities: Floats, outcome: Outcomes) -> Floats:
    """Squared error of the cumulative forecast over the ordered outcomes, halved, (n,).

    Epstein 1969; for football Constantinou & Fenton 2012, "Solving the problem of inadequate
    scoring rules for assessing probabilistic football forecast models".
    """
    happened = _one_hot(outcome)
    difference = np.cumsum(probabilities, axis=1)[:, :2] - np.cumsum(happened, axis=1)[:, :2]
    scores: Floats = (difference**2).sum(axis=1) / 2
    return scores


def brier_scores(probabilities: Floats, outcome: Outcomes) -> Floats:
    """Squared error summed over the three outcomes, (n,), 0 to 2 (Brier 1950)."""
    scores: Floats = ((probabilities - _one_hot(outcome)) ** 2).sum(axis=1)
    return scores


def hits(probabilities: Floats, outcome: Outcomes) -> Floats:
    """1.0 where the likeliest outcome happened, else 0.0, (n,)."""
    right: Floats = (probabilities.argmax(axis=1) == outcome).astype(np.float64)
    return right


def log_loss(probabilities: Floats, outcome: Outcomes) -> float:
    """The mean of `log_losses`."""
    return float(log_losses(probabilities, outcome).mean())


def brier(probabilities: Floats, outcome: Outcomes) -> float:
    """The mean of `brier_scores`."""
    return float(brier_scores(probabilities, outcome).mean())


def rps(probabilities: Floats, outcome: Outcomes) -> float:
    """The mean of `ranked_probability_scores`."""
    return float(ranked_probability_scores(probabilities, outcome).mean())


def accuracy(probabilities: Floats, outcome: Outcomes) -> float:
    """The share of matches whose likeliest outcome happened."""
    return float(hits(probabilities, outcome).mean())


def calibration_error(probabilities: Floats, outcome: Outcomes, *, bins: int = 15) -> float:
    """Expected calibration error, per outcome, averaged (Naeini, Cooper & Hauskrecht 2015)."""
    happened = _one_hot(outcome)
    place = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    gaps = [
        np.abs(np.bincount(place[:, k], probabilities[:, k] - happened[:, k], bins)).sum()
        for k in range(3)
    ]
    return float(np.mean(gaps) / len(outcome))


def calibration_slope(probabilities: Floats, outcome: Outcomes) -> float:
    """The power β for which p^β, normalised, fits best: below 1 the forecasts are too sure.

    Cox 1958, "Two further applications of a model for binary regression"; by Newton's method.
    """
    logs, power = np.log(np.maximum(probabilities, _LEAST_PROBABILITY)), 1.0
    observed = logs[np.arange(len(outcome)), outcome]
    for _ in range(30):
        weights = np.exp(power * (logs - logs.max(axis=1, keepdims=True)))
        weights /= weights.sum(axis=1, keepdims=True)
        mean = (weights * logs).sum(axis=1)
        spread = (weights * logs**2).sum(axis=1) - mean**2
        if not spread.sum() > 0:
            return 1.0
        step = float((observed - mean).sum() / spread.sum())
        power = min(max(power + step, 0.0), 10.0)
        if abs(step) < 1e-9:  # noqa: PLR2004
            break
    return power


def paired(first: Floats, second: Floats, outcome: Outcomes, *, seed: int = 0) -> Interval:
    """Mean log-loss of *first* less that of *second* on the same matches; below 0 it is better."""
    losses = log_losses(first, outcome) - log_losses(second, outcome)
    return bootstrap(losses[:, None], seed=seed)[0]


def bootstrap(values: Floats, *, seed: int = 0, draws: int = 1000) -> list[Interval]:
    """The mean of each column of *values* (n, k), and the middle 95 % of the means of resamples.

    All columns see the same *draws* resamples, so that the intervals can be compared.
    """
    rng = np.random.default_rng(seed)
    rows = len(values)
    means = np.empty((draws, values.shape[1]))
    for draw in range(draws):
        # Counting how often each row is drawn keeps memory at O(n).
        times = np.bincount(rng.integers(rows, size=rows), minlength=rows)
        means[draw] = times @ values / rows
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    middle = values.mean(axis=0)
    return [
        Interval(float(m), float(a), float(b)) for m, a, b in zip(middle, low, high, strict=True)
    ]


def scores(probabilities: Floats, outcome: Outcomes, *, seed: int = 0, draws: int = 1000) -> Scores:
    """All measures of these forecasts, the first three with intervals."""
    measures = (log_losses, ranked_probability_scores, hits)
    values = np.stack([measure(probabilities, outcome) for measure in measures], axis=1)
    loss, ranked, right = bootstrap(values, seed=seed, draws=draws)
    return Scores(
        rows=len(outcome),
        log_loss=loss,
        rps=ranked,
        accuracy=right,
        brier=brier(probabilities, outcome),
        calibration_error=calibration_error(probabilities, outcome, bins=10),
        calibration_slope=calibration_slope(probabilities, outcome),
    )


def _one_hot(outcome: Outcomes) -> Floats:
    return np.eye(3)[outcome]
