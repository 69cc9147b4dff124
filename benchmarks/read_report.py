"""The section of the reads, as Markdown."""

from __future__ import annotations

import datetime as dt
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.report import machine

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.reads import Asked, Results

HEADING = "## Reads"
_ABOUT = f"""{HEADING}

One wrk thread, 64 connections that ask again as soon as they are answered (those with `20 times a
second each` rest for 25 to 75 ms in between), one process of each server. The constant answer is a
bare ASGI function under the same uvicorn, loop and parser, with two headers; ours have ten more, a
rate limit that is counted, and a request id, but are written without a scope and a task, which a
read that waits for nothing does not need. `constant at once` is written in that way too: what lies
between it and ours is our own work. The naive handler is a Starlette route with one `GET` of
redis-py for each request. Rivals take turns. Without a rest wrk leaves no core idle, so that under
load waits are those of a machine that is full: the constant answer's, too.
"""
_AIMS = {
    "single read": "≥ 0.8 of constant, ≥ 2.5 × asks Redis",
}
_AIM_BUSY = "p99 ≤ 10 ms"


def markdown(results: Results) -> str:
    """Lay medians out beside one another."""
    quiet = {rival: _middle(runs) for rival, runs in results.quiet.items()}
    constant, naive = quiet["constant"], quiet["asks Redis"]
    told = (
        f"{dt.datetime.now(dt.UTC).date()}; {machine()}; model {results.model}; medians of "
        f"{len(results.quiet['single read'])} runs; load average before: {results.load:.1f}."
    )
    lines = [
        _ABOUT,
        f"    {results.command}",
        "",
        told,
        "",
        "| answer | requests/s | of constant | × asks Redis | p50, ms | p99, ms | CPU µs | aim |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for rival, one in quiet.items():
        shares = f"{one.rate / constant.rate:.2f} | {one.rate / naive.rate:.1f}"
        lines.append(_line(rival, one, shares, _AIMS.get(rival, "")))
    for rival, asked in results.busy.items():
        what = f"{rival}; {results.events_s:,.0f} events/s being processed"
        aim = _AIM_BUSY if rival.startswith("single read") else ""
        lines.append(_line(what, _middle(asked), " | ", aim))
    runs = [run for runs in (*results.quiet.values(), *results.busy.values()) for run in runs]
    bad = sorted({one.run.bad for one in runs})
    lines += ["", f"Errors: {'; '.join(filter(None, bad)) or 'none'}.", *_streamed(results), ""]
    return "\n".join(lines)


class _Middle(NamedTuple):
    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


def _middle(asked: list[Asked]) -> _Middle:
    return _Middle(
        median(one.run.requests_s for one in asked),
        median(one.run.p50_ms for one in asked),
        median(one.run.p99_ms for one in asked),
        median(one.cpu_us for one in asked),
    )


def _line(what: str, one: _Middle, shares: str, aim: str) -> str:
    waits = f"{one.p50_ms:.2f} | {one.p99_ms:.2f} | {one.cpu_us:.0f}"
    return f"| {what} | {one.rate:,.0f} | {shares} | {waits} | {aim} |"


def _streamed(results: Results) -> list[str]:
    one = results.streamed
    if one is None:
        return []
    return [
        "",
        f"Live stream: {one.clients:,} clients that follow ten matches each, one process. Time is",
        "from just before the event is published until the client has its forecast.",
        "",
        "| what | measured | aim |",
        "|---|---|---|",
        f"| deliveries/s | {one.deliveries_s:,.0f} | 5,000 |",
        f"| event to client, p50, ms | {one.p50_ms:.0f} | |",
        f"| event to client, p99, ms | {one.p99_ms:.0f} | ≤ 250 |",
        f"| largest memory of the process, MB | {one.rss_mb:,.0f} | ≤ 1,000 |",
        f"| share of a core | {one.cpu_share:.2f} | |",
        f"| clients lost | {one.lost} | 0 |",
    ]


def put_section(path: Path, section: str) -> None:
    """Replace the section of the reads in a file, or add it at the end; others stay."""
    text = path.read_text("utf-8") if path.exists() else ""
    before, _, after = text.partition(f"\n{HEADING}\n")
    _, heading, others = after.partition("\n## ")
    path.write_text(f"{before.rstrip()}\n\n{section}{heading}{others}".lstrip(), "utf-8")


def put_before(path: Path, rest: str) -> None:
    """Replace all of a file but the section of the reads."""
    text = path.read_text("utf-8") if path.exists() else ""
    _, heading, section = text.partition(f"\n{HEADING}\n")
    path.write_text(rest + heading + section, "utf-8")
