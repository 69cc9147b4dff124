"""The section of the reads, as Markdown."""

from __future__ import annotations

import datetime as dt
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.report import _machine

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.reads import Results
    from benchmarks.wrk import Run

HEADING = "## Reads"
_ABOUT = f"""{HEADING}

One wrk thread, 64 connections that ask again as soon as they are answered, one process of each
server. The constant answer is a bare ASGI function under the same uvicorn, loop and parser, with
two headers; ours have eleven more, a rate limit that is counted, and a request id. The naive
handler is a Starlette route with one `GET` of redis-py for each request. Rivals take turns. wrk
leaves no core idle, so that under load waits are those of a machine that is full.
"""
_AIMS = {
    "single read": "≥ 0.8 of constant, ≥ 2.5 × asks Redis",
}


def markdown(results: Results) -> str:
    """Lay medians out beside one another."""
    quiet = {rival: _middle(runs) for rival, runs in results.quiet.items()}
    constant, naive = quiet["constant"][0], quiet["asks Redis"][0]
    told = (
        f"{dt.datetime.now(dt.UTC).date()}; {_machine()}; model {results.model}; medians of "
        f"{len(results.busy)} runs; load average before: {results.load:.1f}."
    )
    lines = [
        _ABOUT,
        f"    {results.command}",
        "",
        told,
        "",
        "| answer | requests/s | p50, ms | p99, ms | of constant | × asks Redis | aim |",
        "|---|---|---|---|---|---|---|",
    ]
    for rival, (rate, p50, p99) in quiet.items():
        lines.append(
            f"| {rival} | {rate:,.0f} | {p50:.2f} | {p99:.2f} | {rate / constant:.2f} "
            f"| {rate / naive:.1f} | {_AIMS.get(rival, '')} |"
        )
    rate, p50, p99 = _middle(results.busy)
    what = f"single read, {results.events_s:,.0f} events/s being processed"
    lines.append(f"| {what} | {rate:,.0f} | {p50:.2f} | {p99:.2f} | | | p99 ≤ 10 ms |")
    bad = sorted({run.bad for runs in (*results.quiet.values(), results.busy) for run in runs})
    lines += ["", f"Errors: {'; '.join(filter(None, bad)) or 'none'}.", *_streamed(results), ""]
    return "\n".join(lines)


def _middle(runs: list[Run]) -> tuple[float, float, float]:
    return (
        median(run.requests_s for run in runs),
        median(run.p50_ms for run in runs),
        median(run.p99_ms for run in runs),
    )


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
    """Replace the section of the reads in a file, or add it at the end."""
    before = path.read_text("utf-8").partition(f"\n{HEADING}\n")[0].rstrip("\n")
    path.write_text(f"{before}\n\n{section}", "utf-8")
