"""The table of a run, as Markdown, with the machine it ran on."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.stage import SYSTEMS
from embedded.postgres_files import programs, unprivileged
from embedded.redis import find_binary

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.end_to_end import Results, Round

_ABOUT = """# Benchmarks

Events into forecasts into Postgres, end to end, on real servers of our own, beside a bare redis-py
loop with the same fold, model call and writes: no Faust, no owner, no fence. 1,000 open matches in
8 pools; 70 % odds, 20 % ticks, 10 % incidents. The backlog is laid out while the workers are
halted; time runs from their waking until all is committed, recorded and archived. Latency is seen
from outside: from just before an event is sent until a reader is told of its forecast.

Both systems take turns, so their ratio holds on a busy machine too. The rest holds only where the
load before was a few tenths, and where the host of a virtual machine took nothing of its cores
(`taken by the host`): waits grow without bound, and CPU time by a half or more.
"""
_WHOLE_FROM = 1000
_AIMS = {
    "events/s": "≥ 10,000 and ≥ 0.7 of the bare loop",
    "p50 at 1,000 events/s, ms": "≤ 2",
    "p99 at 1,000 events/s, ms": "≤ 10",
}


def markdown(results: Results) -> str:
    """Lay the medians of the rounds out beside one another."""
    lines = [_line(*row) for row in _rows(results)]
    rounds = len(results.of("bare"))
    told = (
        f"{dt.datetime.now(dt.UTC).date()}; {machine()}; model {results.model}. "
        f"{rounds} rounds each, in turns; load average before: {results.load:.1f}."
    )
    return "\n".join(
        [
            _ABOUT,
            f"    {results.command}",
            "",
            told,
            "",
            "| median of the rounds | SabiScore | bare loop | ratio | aim |",
            "|---|---|---|---|---|",
            *lines,
            "",
        ]
    )


def _line(what: str, ours: float, bare: float) -> str:
    ratio = "" if what.startswith("taken") else f"{ours / bare:.2f}"
    return f"| {what} | {_figure(ours)} | {_figure(bare)} | {ratio} | {_AIMS.get(what, '')} |"


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= _WHOLE_FROM else f"{number:.4g}"


def _rows(results: Results) -> list[tuple[str, float, float]]:
    def row(what: str, of: Callable[[Round], float]) -> tuple[str, float, float]:
        ours, bare = (median(map(of, results.of(system))) for system in SYSTEMS)
        return what, ours, bare

    first = results.rounds[0]
    rows = [
        row("events/s", lambda one: one.events_s),
        row("forecasts/s", lambda one: one.forecasts_s),
        row("CPU µs an event, all parts", lambda one: sum(map(one.cpu_us, one.cpu_s))),
    ]
    rows += [row(f"CPU µs an event: {part}", partial(_cpu_us, part)) for part in first.cpu_s]
    rows.append(row("taken by the host, %", lambda one: 100.0 * one.stolen_share))
    for place, paced in enumerate(first.latencies):
        pace = f"at {paced.asked_events_s:,.0f} events/s, ms"
        rows.append(row(f"p50 {pace}", partial(_p50_ms, place)))
        rows.append(row(f"p99 {pace}", partial(_p99_ms, place)))
        host = f"taken by the host at {paced.asked_events_s:,.0f} events/s, %"
        rows.append(row(host, partial(_stolen_percent, place)))
    return rows


def _cpu_us(part: str, one: Round) -> float:
    return one.cpu_us(part)


def _p50_ms(place: int, one: Round) -> float:
    return one.latencies[place].p50_ms


def _p99_ms(place: int, one: Round) -> float:
    return one.latencies[place].p99_ms


def _stolen_percent(place: int, one: Round) -> float:
    return 100.0 * one.latencies[place].stolen_share


def machine() -> str:
    """Name the cores, the system and the servers that were measured on."""
    servers = (
        _said([find_binary(), "--version"]).split("sha=")[0].strip(" ,"),
        _said([_postgres(), "--version"]),
    )
    return (
        f"{os.cpu_count()} cores ({_processor()}), {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {'; '.join(servers)}"
    )


def _postgres() -> Path:
    return programs(unprivileged(), Path.cwd()) / "postgres"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _said(words: list[str | Path]) -> str:
    return subprocess.run(words, capture_output=True, check=True, text=True).stdout.strip()
