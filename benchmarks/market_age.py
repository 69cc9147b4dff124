"""Whether the market should count less as it ages, and play be calibrated minute by minute.

Each season is forecast by weights fitted on the seasons before it; what is printed is the log-loss
of the wider model less that of the one in service, on the same matches, with a bootstrap interval.

    python -m benchmarks.market_age --data DIR/incidents --since 2010-07-01 --until 2023-07-01
"""

from __future__ import annotations

import argparse
import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from commands.feed import from_incidents
from commands.settings import settings_from
from commands.training_rows import collect
from model_store.config import DEFAULT
from model_store.evaluate import bootstrap, log_losses
from model_store.logit import fit_logit, softmax
from model_store.out_of_fold import out_of_fold
from model_store.play_fit import MARKS, played
from model_store.stacking import fit_pool, pooled
from producers.timetable import timetable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from model_store.out_of_fold import OutOfFold

    Floats = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

_RIDGE = 100.0
_LEAST = 1e-6
# The first seasons that have what is asked for are only learnt from.
_LEARNT_FROM = 2
_BANDS_HOURS = ((0, 24), (24, 48), (48, 96))


class Gain(NamedTuple):
    """What was tried, on how many forecasts, and its log-loss less that in service."""

    what: str
    n: int
    difference: float
    low: float
    high: float


def gains(held_out: OutOfFold) -> list[Gain]:
    """Everything that was tried, on the seasons of *held_out*."""
    return [*_by_age(held_out), *_by_minute(held_out)]


def weights_by_age(held_out: OutOfFold) -> list[tuple[str, int, float, float]]:
    """Hours since the opening price, matches, and what stack and market weigh among them."""
    rows = held_out.rows
    priced, hours = _known(rows.market_opening), hours_since_opening(rows.kick_off)
    found = []
    for low, high in _BANDS_HOURS:
        mine = priced & (hours >= low) & (hours < high)
        pool = fit_pool(held_out.logits[mine], rows.market_opening[mine], rows.outcome[mine])
        found.append((f"{low} to {high} h", int(mine.sum()), pool.stack, pool.market))
    return found


def hours_since_opening(kick_off: npt.NDArray[np.datetime64]) -> Floats:
    """Hours from the opening price to kick-off, (n,), by the table of times of results files."""
    instants = [instant.replace(tzinfo=dt.UTC) for instant in kick_off.astype(object)]
    ages = [instant - timetable(instant, time_known=True).opening for instant in instants]
    return np.array([age.total_seconds() / 3600 for age in ages])


def _by_age(held_out: OutOfFold) -> Iterator[Gain]:
    rows, logits = held_out.rows, held_out.logits
    days = hours_since_opening(rows.kick_off) / 24
    for name, market, age in (
        ("opening", rows.market_opening, days),
        ("closing", rows.market_closing, np.zeros(len(rows))),
    ):
        prices = np.log(np.where(_known(market)[:, None], market, 1 / 3))
        both = _design(logits, prices, age)
        # Both phases in one pool, told apart by nothing but their age.
        opening = np.log(np.where(_known(rows.market_opening)[:, None], rows.market_opening, 1 / 3))
        other = _design(logits, opening, days)

        def plain(past: Mask, mine: Mask, market: Floats = market) -> Floats:
            pool = fit_pool(logits[past], market[past], rows.outcome[past])
            return pooled(pool, logits[mine], market[mine])

        def aged(past: Mask, mine: Mask, both: Floats = both, other: Floats = other) -> Floats:
            design = np.concatenate([both[past], other[past]])
            theta = _fitted(design, np.tile(rows.outcome[past], 2), [0.0, 1.0, 0.0, 0.0])
            return softmax(both[mine] @ theta)

        which = _known(market) & _known(rows.market_opening)
        yield _gain(f"{name} odds: weights by days of age", held_out, which, plain, aged)


def _design(logits: Floats, prices: Floats, days: Floats) -> Floats:
    """Stack and market, and both times the age: (n, 3, 4)."""
    aged = days[:, None]
    return np.stack([logits, prices, aged * logits, aged * prices], axis=2)


def _by_minute(held_out: OutOfFold) -> Iterator[Gain]:
    made = played(held_out)
    for name, by_minute in made.items():
        known = np.all([_known(by_minute[mark]) for mark in MARKS], axis=0)
        for words, columns in (("a power", 1), ("a power, draw and home", 3)):
            each = []
            for mark in MARKS:
                design = _calibration(by_minute[mark], columns)
                prior = [1.0, *[0.0] * (columns - 1)]
                each.append(_differences(held_out, known, by_minute[mark], design, prior))
            yield _summed(f"in play, {name}: {words} for each minute", each)
    stack, market = made["stack"], made["pool_closing"]
    known = np.all([_known(of[mark]) for of in (stack, market) for mark in MARKS], axis=0)
    each = []
    for mark in MARKS:
        design = np.stack([_logs(stack[mark]), _logs(market[mark])], axis=2)
        each.append(_differences(held_out, known, market[mark], design, [0.0, 1.0]))
    yield _summed("in play: the market's weight by the minute", each)


def _calibration(chances: Floats, columns: int) -> Floats:
    biases = np.broadcast_to(np.eye(3)[:, [1, 0]], (len(chances), 3, 2))
    design: Floats = np.concatenate([_logs(chances)[:, :, None], biases], axis=2)[:, :, :columns]
    return design


def _differences(
    held_out: OutOfFold, known: Mask, served: Floats, design: Floats, prior: list[float]
) -> Floats:
    rows = held_out.rows
    found = []
    for past, mine in _seasons(held_out, known):
        theta = _fitted(design[past], rows.outcome[past], prior)
        made, outcome = softmax(design[mine] @ theta), rows.outcome[mine]
        found.append(log_losses(made, outcome) - log_losses(served[mine], outcome))
    return np.concatenate(found)


def _gain(
    what: str,
    held_out: OutOfFold,
    known: Mask,
    served: Callable[[Mask, Mask], Floats],
    wider: Callable[[Mask, Mask], Floats],
) -> Gain:
    found = []
    for past, mine in _seasons(held_out, known):
        outcome = held_out.rows.outcome[mine]
        found.append(
            log_losses(wider(past, mine), outcome) - log_losses(served(past, mine), outcome)
        )
    return _summed(what, [np.concatenate(found)])


def _summed(what: str, each: list[Floats]) -> Gain:
    """A match counts once: its minutes are no independent witnesses."""
    mean = np.mean(each, axis=0)
    interval = bootstrap(mean[:, None], seed=1)[0]
    return Gain(what, len(mean), interval.value, interval.low, interval.high)


def _seasons(held_out: OutOfFold, known: Mask) -> Iterator[tuple[Mask, Mask]]:
    rows = held_out.rows
    seasons = [name for name in rows.seasons() if known[rows.season == name].any()]
    for place in range(_LEARNT_FROM, len(seasons)):
        yield (
            known & np.isin(rows.season, seasons[:place]),
            known & (rows.season == seasons[place]),
        )


def _fitted(design: Floats, outcome: npt.NDArray[np.int8], prior: list[float]) -> Floats:
    ridge = np.full(len(prior), _RIDGE)
    return fit_logit(design, outcome, prior=np.array(prior), ridge=ridge)


def _logs(chances: Floats) -> Floats:
    logs: Floats = np.log(np.maximum(np.where(np.isfinite(chances), chances, 1 / 3), _LEAST))
    return logs


def _known(chances: Floats) -> Mask:
    return np.asarray(np.isfinite(chances).all(axis=1))


def main() -> None:
    """Collect the rows, forecast them out of fold, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, metavar="DIR", help="Folder of incidents.")
    parser.add_argument("--since", type=dt.date.fromisoformat, default=dt.date(2010, 7, 1))
    parser.add_argument("--until", type=dt.date.fromisoformat, required=True)
    words = parser.parse_args()
    feed = from_incidents(words.data, settings_from(), until=words.until, ticks=(90,))
    rows = collect(feed.events(), dt.datetime.combine(words.until, dt.time(), dt.UTC))
    rows = rows.rows(rows.kick_off >= np.datetime64(words.since)).in_order()
    held_out = out_of_fold(
        rows, DEFAULT, seed=1, progress=lambda what, share: print(f"{share:4.0%} {what}")
    )
    show(held_out)


def show(held_out: OutOfFold) -> None:
    """Print what was found as two tables."""
    print("| hours since the opening price | n | stack weighs | market weighs |\n|---|---|---|---|")
    for words, n, stack, market in weights_by_age(held_out):
        print(f"| {words} | {n:,} | {stack:+.3f} | {market:.3f} |")
    print("\n| tried | n | log-loss less that in service |\n|---|---|---|")
    for one in gains(held_out):
        interval = f"[{one.low:+.4f}, {one.high:+.4f}]"
        print(f"| {one.what} | {one.n:,} | {one.difference:+.4f} {interval} |")


if __name__ == "__main__":
    main()
