"""Ways to work off a backlog: bare clients, another framework, and Faust over Redis.

Each runs in a process of its own, does the same small work for each record, prints what it took and
ends. Imports stand inside, so that no variant pays for another's.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 256


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
    started = asyncio.Event()

    async def one(body: dict[str, Any]) -> None:
        await started.wait()
        meter.work(body["match"])
        if meter.seen >= records:
            meter.tell()

    async def many(bodies: list[dict[str, Any]]) -> None:
        await started.wait()
        for body in bodies:
            meter.work(body["match"])
        if meter.seen >= records:
            meter.tell()

    for name in streams(partitions):
        sub = StreamSub(name, last_id="0", batch=batch, max_records=BATCH)
        broker.subscriber(stream=sub)(many if batch else one)

    async def go() -> None:
        # Its first subscriber would work off its backlog while the last one waits three seconds to
        # start, and then fails.
        started.set()

    app = FastStream(broker, logger=None)
    app.after_startup(go)
    asyncio.run(app.run())


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


VARIANTS: dict[str, Callable[[str, int, int], None]] = {
    run.__name__: run
    for run in (
        raw_xread,
        hiredis,
        redis_py_group,
        faststream,
        faststream_batch,
        faust_record,
        faust_record_table,
        faust_batch,
        faust_batch_table,
    )
}
