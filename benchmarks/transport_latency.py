"""From publishing a record to the handler that is given it, at a steady 200 records a second."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PARTITIONS = 8
LATENCIES = 1000
_START_TIMEOUT_S = 30.0


def latency(path: str, kind: str) -> dict[str, float]:
    """Milliseconds from the publish call to the handler, at 200 records a second.

    Raises:
        TimeoutError: When the handler's process owns nothing after half a minute.
    """
    script = str(Path(__file__).with_name("transport.py"))
    _server_call(path, "FLUSHALL")
    reader = subprocess.Popen(
        [sys.executable, script, "--one", f"latency_{kind}", "--path", path], stdout=subprocess.PIPE
    )
    import redis  # noqa: PLC0415

    client: Any = redis.Redis(unix_socket_path=path)
    give_up_s = time.monotonic() + _START_TIMEOUT_S
    while not all(
        client.hget(f"b:{{{number}}}:cursor:bench", "owner") for number in range(PARTITIONS)
    ):
        if time.monotonic() > give_up_s:
            reader.kill()
            raise TimeoutError(kind)
        time.sleep(0.1)
    for number in range(LATENCIES):
        client.xadd(f"b:{{{number % PARTITIONS}}}:events", {"e": str(time.time_ns())})
        time.sleep(0.005)
    out, _ = reader.communicate(timeout=30)
    reply: dict[str, float] = json.loads(out.splitlines()[-1])
    return reply


def receive(path: str, kind: str) -> None:
    """Note when each record comes, print the cuts, and end."""
    import faust_redis  # noqa: PLC0415

    took: list[float] = []

    def note(value: bytes) -> None:
        took.append((time.time_ns() - int(value)) / 1e6)
        if len(took) == LATENCIES:
            cuts = statistics.quantiles(took, n=100)
            print(json.dumps({"p50_ms": cuts[49], "p99_ms": cuts[98]}))
            sys.stdout.flush()
            os._exit(0)

    app = faust_redis.App("bench", broker=f"unix://{path}", namespace="b", partitions=PARTITIONS)
    by_batch = kind == "batch"
    topic: Any = (
        faust_redis.batch_topic(app, "events")
        if by_batch
        else app.topic("events", value_serializer="raw")
    )

    @app.agent(topic)
    async def work(stream: Any) -> None:  # noqa: ANN401
        async for value in stream:
            for raw in [record.value for record in value.records] if by_batch else [value]:
                note(raw)

    faust_redis.run(app)


def _server_call(path: str, *args: str) -> None:
    import redis  # noqa: PLC0415

    client: Any = redis.Redis(unix_socket_path=path)
    client.execute_command(*args)
