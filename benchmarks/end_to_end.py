"""Events into forecasts into Postgres, end to end, beside a bare loop doing the same work.

In one run, on real servers of our own, our workers and the bare loops take turns. Each round has a
backlog, for events/s and CPU time by part, and paced runs, for latency.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from benchmarks import latency, mix, processes
from benchmarks.read_report import put_before
from benchmarks.report import markdown
from benchmarks.stage import SYSTEMS, Stage, System, staged
from commands.settings import settings_from
from model_store import ModelStore
from schemas.keys import CHANGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.latency import Latency
    from commands.settings import Settings

_PUBLISH_AT_ONCE = 512
_SEED = 1
_EXAMPLE = "example: python -m benchmarks.end_to_end --rounds 3 --out docs/benchmarks.md"


class Round(Struct, frozen=True):
    """One system in one round: throughput of the backlog, CPU by part, latencies by pace."""

    system: System
    events: int
    forecasts: int
    seconds: float
    cpu_s: dict[str, float]
    stolen_share: float
    """What the host took of the cores meanwhile."""
    latencies: list[Latency]

    @property
    def events_s(self) -> float:
        """Events a second until all was committed, recorded and archived."""
        return self.events / self.seconds

    @property
    def forecasts_s(self) -> float:
        """Forecasts a second, the same."""
        return self.forecasts / self.seconds

    def cpu_us(self, part: str) -> float:
        """Microseconds of CPU an event that *part* took."""
        return 1e6 * self.cpu_s[part] / self.events


class Results(Struct, frozen=True):
    """All rounds, the model that forecast in them, and the command that made them.

    ``load`` is how many processes wanted a core just before: other than 0, others worked too.
    """

    command: str
    load: float
    model: str
    rounds: list[Round]

    def of(self, system: System) -> list[Round]:
        """The rounds of one system."""
        return [one for one in self.rounds if one.system == system]


def run(options: argparse.Namespace) -> Results:
    """Run the rounds."""
    settings = settings_from(
        models=options.models, forecasters=options.forecasters, partitions=options.partitions
    )
    model = ModelStore(settings.models).load("champion").label
    load, rounds = os.getloadavg()[0], []
    for number in range(options.rounds):
        # Whoever goes first finds colder caches: take turns at that too.
        for system in options.systems if number % 2 == 0 else options.systems[::-1]:
            rounds.append(_round(system, settings, model, options))
            _tell(number, rounds[-1])
    command = "python -m benchmarks.end_to_end " + " ".join(
        f"--{name} {getattr(options, name)}"
        for name in ("events", "rounds", "seconds", "forecasters", "partitions")
    )
    return Results(command, load, model, rounds)


def _round(system: System, settings: Settings, model: str, options: argparse.Namespace) -> Round:
    load = mix.Mix(_SEED)
    with staged(system, settings) as stage:
        _publish(stage, stage.items(mix.before(_SEED, model)))
        stage.drained()
        forecasts, seconds, cpu_s, stolen_share = _backlog(stage, load, options.events)
        latencies = [
            latency.measure(stage, load.take(round(pace * options.seconds)), pace)
            for pace in options.paces
        ]
        stage.drained()
        stage.verify()
    return Round(system, options.events, forecasts, seconds, cpu_s, stolen_share, latencies)


def _backlog(stage: Stage, load: mix.Mix, count: int) -> tuple[int, float, dict[str, float], float]:
    items = stage.items(load.take(count))
    before = stage.entries(CHANGES)
    with processes.stopped(stage.workers):
        _publish(stage, items)
        start, stolen_s = processes.cpu_of(stage.pids), processes.stolen_s()
        began_s = time.monotonic()
    stage.drained()
    seconds = time.monotonic() - began_s
    cpu_s = processes.cpu_since(start, stage.pids)
    stolen_share = (processes.stolen_s() - stolen_s) / seconds / (os.cpu_count() or 1)
    return stage.entries(CHANGES) - before, seconds, cpu_s, stolen_share


def _publish(stage: Stage, items: dict[int, list[tuple[bytes, bytes]]]) -> None:
    for partition, whole in items.items():
        for first in range(0, len(whole), _PUBLISH_AT_ONCE):
            stage.publisher.publish(partition, whole[first : first + _PUBLISH_AT_ONCE])


def _tell(number: int, done: Round) -> None:
    cpu = ", ".join(f"{part} {done.cpu_us(part):.0f}" for part in done.cpu_s)
    paced = ", ".join(
        f"{one.asked_events_s:.0f}/s p50 {one.p50_ms:.2f} p99 {one.p99_ms:.2f} ms "
        f"(host {one.stolen_share:.1%})"
        for one in done.latencies
    )
    print(
        f"round {number + 1} {done.system:9} {done.events_s:7,.0f} events/s "
        f"{done.forecasts_s:7,.0f} forecasts/s (host {done.stolen_share:.1%}); "
        f"CPU us an event: {cpu}; {paced}",
        file=sys.stderr,
        flush=True,
    )


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, epilog=_EXAMPLE)
    parser.add_argument("--events", type=int, default=60_000, help="events of the backlog")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of both systems")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a paced run")
    parser.add_argument(
        "--paces", type=float, nargs="*", default=[200.0, 1000.0], help="events/s of paced runs"
    )
    parser.add_argument(
        "--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS, help="one or both"
    )
    parser.add_argument(
        "--forecasters", type=int, default=2, help="our processes that share the forecasting"
    )
    parser.add_argument("--partitions", type=int, default=8, help="partitions that share the pools")
    parser.add_argument("--models", type=Path, help="folder of models; the shipped one if none")
    parser.add_argument("--json", type=Path, help="write every round to this file")
    parser.add_argument("--out", type=Path, help="write the table to this file")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write what was asked for."""
    options = _options(words)
    results = run(options)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    if set(options.systems) != set(SYSTEMS):
        return  # there is nothing to lay it beside
    table = markdown(results)
    print(table)
    if options.out:
        put_before(options.out, table)


if __name__ == "__main__":
    main()
