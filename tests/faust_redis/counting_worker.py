"""A worker process for the tests: counts records by value, and writes all a batch can write."""

from __future__ import annotations

import asyncio
import logging
import sys

import faust_redis


def build(url: str, partitions: int, slow_s: float = 0.0, lease_s: float = 1.0) -> faust_redis.App:
    """An app whose table holds, by value, how often a record with it was counted."""
    app = faust_redis.App(
        "counter", broker=url, namespace="t", partitions=partitions, lease_s=lease_s
    )
    events = faust_redis.batch_topic(app, "events", max_records=32)
    state = faust_redis.Table(app, "state")

    @app.agent(events)
    async def count(stream) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        async for batch in stream:
            counts = state.partition(batch.partition)
            for record in batch.records:
                if record.value == b"raise":
                    raise ValueError(record.position)
                if record.value == b"bad":
                    batch.write.dead(record, "bad", "told to")
                    continue
                times = int(counts.get(record.value, b"0")) + 1
                batch.write.put("state", record.value, b"%d" % times)
                batch.write.append("changes", b"%s=%d" % (record.value, times))
                batch.write.set(f"latest:{record.value.decode()}", b"%d" % times)
            await asyncio.sleep(slow_s)

    return app


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s %(message)s")
    sys.exit(
        faust_redis.run(
            build(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
        )
    )
