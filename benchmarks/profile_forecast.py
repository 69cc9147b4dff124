"""Where the time of ``forecast`` goes, in one process and without servers: µs an event by step.

Steps inside the fold-and-forecast core are timed by wrapping its functions; what the wrapping costs
is measured and taken off. Figures are CPU time of the thread, medians over batches, so that another
process that takes the core away shows little.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import hiredis

from agents import forecast, metrics, refresh
from benchmarks import mix
from commands.settings import settings_from
from faust_redis import Record, Transaction
from faust_redis.keys import Keyspace
from features import World
from model_store import ModelStore
from schemas.events import encode_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from model_store.model import Model

_EXAMPLE = "example: python -m benchmarks.profile_forecast --batch 256"
_INSIDE = (
    "decode_event",
    "fold",
    "write_vector",
    "_input_hash",
    "words",
    "encode_forecast",
)


class Clock:
    """Microseconds by step, batch after batch; nested steps count for the inner one alone."""

    def __init__(self) -> None:
        self.steps: dict[str, list[float]] = {}
        self._calls: dict[str, int] = {}
        self._now: dict[str, float] = {}
        self._cost_us = 0.0
        self._cost_us = self._calibrate()

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Time every call."""
        clock = time.thread_time_ns

        def timed(*args: Any) -> Any:  # noqa: ANN401 - whatever is timed
            began = clock()
            try:
                return call(*args)
            finally:
                self._now[name] = self._now.get(name, 0.0) + (clock() - began) / 1000.0
                self._calls[name] = self._calls.get(name, 0) + 1

        return timed

    def turn(self, events: int) -> float:
        """End a batch; return the µs that all wrapping in it cost."""
        for name, spent in self._now.items():
            net = max(0.0, spent - self._cost_us / 2 * self._calls[name])
            self.steps.setdefault(name, []).append(net / events)
        wrapping_us = self._cost_us * sum(self._calls.values())
        self._now.clear()
        self._calls.clear()
        return wrapping_us

    def _calibrate(self) -> float:
        calls = 20_000
        timed = self.wrap("nothing", lambda _argument: None)
        began = time.thread_time_ns()
        for _ in range(calls):
            timed(None)
        spent = (time.thread_time_ns() - began) / 1000.0 / calls
        self._now.clear()
        self._calls.clear()
        return spent


def run(model: Model, events: int, batch: int, clock: Clock | None) -> dict[str, float]:
    """Return µs an event by step; without *clock* only what needs no wrapping."""
    by_pool = _records(model, events)
    steps: dict[str, list[float]] = {}
    for number, (setup, load) in enumerate(by_pool):
        refresher = refresh.Refresher(World(), lambda _label: model, model.label, 1)
        refresher.process(setup)
        refresher.world.take_changes()
        for records in _cut(load, batch):
            for name, spent in _batch(refresher, number, records, clock):
                steps.setdefault(name, []).append(spent / len(records))
    inside = clock.steps if clock else {}
    return {name: median(spent) for name, spent in {**inside, **steps}.items()}


def _batch(
    refresher: refresh.Refresher, partition: int, records: Sequence[Record], clock: Clock | None
) -> Iterator[tuple[str, float]]:
    began = time.thread_time_ns()
    outcome = refresher.process(records)
    core_us = (time.thread_time_ns() - began) / 1000.0
    yield "fold and forecast, whole", core_us - (clock.turn(len(records)) if clock else 0.0)

    began = time.thread_time_ns()
    write = Transaction(Keyspace("sabi"), forecast.APP, partition, {"state": {}})
    forecast.write_out(write, refresher, outcome, "sabi")
    yield "writes and state", (time.thread_time_ns() - began) / 1000.0

    began = time.thread_time_ns()
    keys = write.keys()
    args: Any = ("EVALSHA", "0" * 40, len(keys), *keys, *write.args())
    hiredis.pack_command(args)
    yield "commit arguments", (time.thread_time_ns() - began) / 1000.0

    began = time.thread_time_ns()
    forecast.count(outcome, len(records))
    metrics.observe_latency(record.position for record in records)
    yield "metrics", (time.thread_time_ns() - began) / 1000.0


def _records(model: Model, events: int) -> list[tuple[list[Record], list[Record]]]:
    now_ms = round(time.time() * 1000)
    setup: dict[str, list[Record]] = {pool: [] for pool in mix.POOLS}
    load: dict[str, list[Record]] = {pool: [] for pool in mix.POOLS}
    for event in mix.before(1, model.label):
        setup[event.partitionkey].append(Record("1-1", encode_event(event)))
    for number, event in enumerate(mix.Mix(1).take(events)):
        load[event.partitionkey].append(Record(f"{now_ms}-{number}", encode_event(event)))
    return [(setup[pool], load[pool]) for pool in mix.POOLS]


def _cut(records: list[Record], batch: int) -> Iterator[list[Record]]:
    for first in range(0, len(records), batch):
        yield records[first : first + batch]


def _wrapped(model: Model, clock: Clock) -> None:
    for name in _INSIDE:
        setattr(refresh, name, clock.wrap(name.strip("_"), getattr(refresh, name)))
    model.forecast = clock.wrap("predict", model.forecast)  # type: ignore[method-assign]


def main() -> None:
    """Profile and print."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=_EXAMPLE)
    parser.add_argument("--events", type=int, default=30_000)
    parser.add_argument("--batch", type=int, default=256, help="records of a batch")
    parser.add_argument("--models", type=Path, help="folder of models; the shipped one if none")
    options = parser.parse_args()
    model = ModelStore(settings_from(models=options.models).models).load("champion")
    outside = run(model, options.events, options.batch, None)
    clock = Clock()
    _wrapped(model, clock)
    inside = run(model, options.events, options.batch, clock)
    for name, spent in {**inside, **outside}.items():
        print(f"{spent:8.2f} µs an event  {name}")
    print(f"{sum(outside.values()):8.2f} µs an event  sum of the last four")


if __name__ == "__main__":
    main()
