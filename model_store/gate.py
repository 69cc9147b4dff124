"""Whether a model may take over: six gates, each of which says in words what it saw.

Out-of-fold forecasts of the same matches lie in every version folder, so that a candidate is
compared with the champion match by match, not by two means of different seasons.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from model_store.evaluate import calibration_error, calibration_slope, log_loss, paired
from model_store.verify import check_golden, golden_vectors
from schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from model_store.held_out import HeldOut
    from model_store.model import Model

    Floats = npt.NDArray[np.float64]

_BATCH_ROWS, _REPEATS = 64, 30


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a candidate must keep to; log-loss in nats, latency in microseconds.

    Calibration may miss by these and by what chance alone would in so many matches. Latency has
    many times what a quiet machine needs: the gate is against a model of another size.
    """

    better_than_base_rates: float = 0.02
    worse_than_champion: float = 0.0005
    calibration_error: float = 0.005
    slope: float = 0.1
    worse_in_a_league: float = 0.01
    fewest_common: int = 200
    one_row_us: float = 1000.0
    batch_row_us: float = 100.0


class Verdict(msgspec.Struct, frozen=True):
    """One gate: its name, whether it was passed, and what it saw."""

    gate: str
    passed: bool
    words: str


def judge(
    candidate: Model,
    held_out: HeldOut,
    champion: HeldOut | None,
    *,
    limits: Limits | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Verdict]:
    """Pass *candidate*, whose out-of-fold forecasts are *held_out*, through every gate."""
    bounds = limits or Limits()
    if not held_out.match_id:
        words = "no forecasts out of fold came with it, so nothing says how good it is"
        unknown = Verdict("absolute", passed=False, words=words)
        return [_golden(candidate), unknown, _latency(candidate, bounds, clock)]
    return [
        _golden(candidate),
        _absolute(held_out, bounds),
        _against_champion(held_out, champion, bounds),
        _calibration(held_out, bounds),
        _slices(held_out, champion, bounds),
        _latency(candidate, bounds, clock),
    ]


def _golden(candidate: Model) -> Verdict:
    try:
        check_golden(candidate, candidate.manifest.golden)
    except ModelError as error:
        return Verdict("golden vectors", passed=False, words=str(error))
    count = len(candidate.manifest.golden.inputs)
    return Verdict("golden vectors", passed=True, words=f"{count} vectors give what they gave")


def _absolute(held_out: HeldOut, limits: Limits) -> Verdict:
    served, base = (
        log_loss(made, held_out.outcomes()) for made in (held_out.array(), held_out.base_rates())
    )
    words = f"log-loss {served:.4f}, base rates {base:.4f}"
    return Verdict("absolute", passed=served <= base - limits.better_than_base_rates, words=words)


def _against_champion(held_out: HeldOut, champion: HeldOut | None, limits: Limits) -> Verdict:
    if champion is None:
        return Verdict("champion", passed=True, words="there is no champion yet")
    mine, theirs, outcome, _ = held_out.beside(champion)
    if len(outcome) < limits.fewest_common:
        words = f"only {len(outcome)} matches were forecast out of fold by both"
        return Verdict("champion", passed=False, words=words)
    gap = paired(mine, theirs, outcome)
    words = (
        f"log-loss {gap.value:+.5f} [{gap.low:+.5f}, {gap.high:+.5f}] "
        f"beside the champion on {len(outcome):,} matches"
    )
    return Verdict("champion", passed=gap.value <= limits.worse_than_champion, words=words)


def _calibration(held_out: HeldOut, limits: Limits) -> Verdict:
    made, outcome = held_out.array(), held_out.outcomes()
    error, slope = calibration_error(made, outcome, bins=10), calibration_slope(made, outcome)
    chance = 1.0 / np.sqrt(len(outcome))
    most, tilt = limits.calibration_error + 1.3 * chance, limits.slope + 2.0 * chance
    words = f"error {error:.4f} (at most {most:.4f}), slope {slope:.3f} (1 ± {tilt:.3f})"
    return Verdict("calibration", passed=error <= most and abs(slope - 1) <= tilt, words=words)


def _slices(held_out: HeldOut, champion: HeldOut | None, limits: Limits) -> Verdict:
    """No league may lose by more than a bound: to the champion, or else to the base rates."""
    if champion is None:
        mine, outcome, leagues = held_out.array(), held_out.outcomes(), held_out.leagues()
        theirs = held_out.base_rates()
    else:
        mine, theirs, outcome, leagues = held_out.beside(champion)
    gaps = {}
    for league in sorted(set(leagues.tolist())):
        which = leagues == league
        if which.sum() >= limits.fewest_common:
            gaps[league] = log_loss(mine[which], outcome[which]) - log_loss(
                theirs[which], outcome[which]
            )
    if not gaps:
        return Verdict("slices", passed=True, words="no league is large enough to be judged")
    worst = max(gaps, key=lambda league: gaps[league])
    words = f"worst league {worst}: log-loss {gaps[worst]:+.4f}"
    return Verdict("slices", passed=gaps[worst] <= limits.worse_in_a_league, words=words)


def _latency(candidate: Model, limits: Limits, clock: Callable[[], float]) -> Verdict:
    golden = golden_vectors(candidate.manifest.golden)
    batch = np.resize(golden, (_BATCH_ROWS, golden.shape[1]))
    one = _fastest_us(candidate, golden[:1], clock)
    row = _fastest_us(candidate, batch, clock) / _BATCH_ROWS
    passed = one <= limits.one_row_us and row <= limits.batch_row_us
    words = f"{one:.0f} us for one row, {row:.1f} us a row of 64"
    return Verdict("latency", passed=passed, words=words)


def _fastest_us(model: Model, vectors: Floats, clock: Callable[[], float]) -> float:
    """The fastest of some forecasts of rows that were never seen: nothing is remembered."""
    fastest = float("inf")
    for turn in range(_REPEATS):
        fresh = vectors.copy()
        fresh[:, 0] += 1e-6 * (turn + 1 + np.arange(len(fresh)) * _REPEATS)
        start = clock()
        model.forecast(fresh)
        fastest = min(fastest, clock() - start)
    return fastest * 1e6
