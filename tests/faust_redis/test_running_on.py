"""Apps that read nothing, something new, or from a server that changes under them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from faust.types.tuples import TP

import faust_redis
from faust_redis import AsyncPublisher
from faust_redis.errors import PartitionCountError
from faust_redis.positions import pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faust_redis.servers import Server, Valkey


def app_of(server: Server, **settings: Any) -> faust_redis.App:
    """An app of two partitions that reads nothing yet."""
    settings = {"partitions": 2, "lease_s": 0.5, **settings}
    return faust_redis.App("app", broker=server.url, namespace="t", **settings)


def counting(server: Server, gate: asyncio.Event | None = None, **settings: Any) -> Any:
    """An app that counts words, once the *gate* is open."""
    app = app_of(server, **settings)
    counts = app.Table("counts", default=int)

    @app.agent(app.topic("words", value_type=str))
    async def count(stream: Any) -> None:
        async for word in stream:
            if gate is not None:
                await gate.wait()
            counts[word] += 1

    return app


def words(*texts: str) -> list[tuple[bytes, bytes]]:
    """Items to publish, none twice."""
    return [(b"%d-%s" % (n, t.encode()), f'"{t}"'.encode()) for n, t in enumerate(texts)]


async def until(true: Callable[[], Any]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for is in the server
            await asyncio.sleep(0.02)


async def test_apps_that_read_nothing_run_their_tasks_and_timers_and_one_of_them_leads(
    server: Server,
) -> None:
    ran: list[str] = []

    def build(name: str) -> faust_redis.App:
        app = app_of(server)

        @app.task
        async def task() -> None:
            ran.append(f"{name} began")

        @app.timer(0.05)
        async def tick() -> None:
            ran.append(f"{name} ticked")

        @app.timer(0.05, on_leader=True)
        async def lead() -> None:
            ran.append(f"{name} led")

        return app

    async with faust_redis.running(build("one")), faust_redis.running(build("other")):
        await until(lambda: ran.count("other ticked") > 5 and ran.count("one ticked") > 5)
        led = {word for word in ran if word.endswith("led")}

    assert {"one began", "other began"} < set(ran)
    assert led == {"one led"}


async def test_workers_may_open_streams_later(
    server: Server, valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int] = []

    def build() -> faust_redis.App:
        app: faust_redis.App = counting(server)

        @app.task
        async def later() -> None:
            async for number in app.topic("numbers", value_type=int).stream():
                seen.append(number)  # noqa: PERF401 - seen one by one

        return app

    first, second = build(), build()
    async with (
        AsyncPublisher(server.url, "t", "numbers") as publish,
        faust_redis.running(first),
    ):
        await until(lambda: valkey.sismember("t:readers:numbers", "app"))
        async with faust_redis.running(second):
            await until(lambda: any(unit.owned for unit in second.consumer.units))
            for partition in (0, 1):
                items = [(b"%d" % n, b"%d" % n) for n in range(10 * partition, 10 * partition + 10)]
                await publish.publish(partition, items)
            cursors = [f"t:{{{number}}}:cursor:app" for number in (0, 1)]
            await until(
                lambda: all(valkey.hget(cursor, "count:numbers") == b"10" for cursor in cursors)
            )

    # A partition may move, or be loaded anew for the new topic, with records in hand.
    assert set(seen) == set(range(20))
    assert first.consumer.watch.counts["fenced"] == second.consumer.watch.counts["fenced"] == 0
    assert "fenced" not in caplog.text


async def test_a_worker_that_is_trimmed_past_while_it_runs_is_told(
    server: Server, valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    gate = asyncio.Event()
    app = counting(server, gate, max_records=2)
    async with AsyncPublisher(server.url, "t", "words") as publish, faust_redis.running(app):
        positions = await publish.publish(0, words(*"abcdefghij" * 500))
        await until(lambda: app.consumer.units[0].feeds["words"].backlog)
        before = app.consumer.watch.counts["trimmed_past"]
        valkey.xtrim("t:{0}:words", minid=positions[-2], approximate=False)
        gate.set()
        await publish.wait_committed("app", 0, positions[-1])
        for _ in range(3):
            await app.consumer.upkeep.turn()

        lost = 5000 - sum(map(int, valkey.hvals("t:{0}:app-counts")))
        assert 0 < lost < 4998
        assert "were removed from the stream before this app read them" in caplog.text
        assert (before, app.consumer.watch.counts["trimmed_past"]) == (0, lost)
        assert app.consumer.watch.lag_records[("words", 0)] == 0


async def test_a_few_records_trimmed_past_under_many_that_stay_are_found_in_the_end(
    server: Server, valkey: Valkey
) -> None:
    gate = asyncio.Event()
    app = counting(server, gate, max_records=2)
    async with AsyncPublisher(server.url, "t", "words") as publish, faust_redis.running(app):
        positions = await publish.publish(0, words(*"abcdefghij" * 500))
        await until(lambda: app.consumer.units[0].feeds["words"].backlog)
        read_to = app.consumer.units[0].feeds["words"].read_to
        next_but_5 = positions[positions.index(read_to) + 6]
        valkey.xtrim("t:{0}:words", minid=next_but_5, approximate=False)
        gate.set()
        await publish.wait_committed("app", 0, positions[-1])
        await app.consumer.upkeep.turn()

        assert sum(map(int, valkey.hvals("t:{0}:app-counts"))) == 4995
        assert app.consumer.watch.counts["trimmed_past"] == 5


async def test_records_removed_after_they_were_read_ahead_are_no_loss(
    server: Server, valkey: Valkey
) -> None:
    gate = asyncio.Event()
    app = counting(server, gate)
    async with AsyncPublisher(server.url, "t", "words") as publish, faust_redis.running(app):
        await publish.publish(0, words("a"))
        await until(lambda: app.consumer.units[0].current)
        positions = await publish.publish(0, words("b", "c", "d"))
        await until(lambda: len(app.consumer.units[0].feeds["words"].backlog) == 3)
        valkey.xtrim("t:{0}:words", maxlen=0, approximate=False)
        await app.consumer.upkeep.turn()
        gate.set()
        await publish.wait_committed("app", 0, positions[-1])
        await app.consumer.upkeep.turn()

        assert sum(map(int, valkey.hvals("t:{0}:app-counts"))) == 4
        assert app.consumer.watch.counts["trimmed_past"] == 0


async def test_what_a_flush_took_is_on_record_again_soon(server: Server, valkey: Valkey) -> None:
    app = counting(server)
    async with faust_redis.running(app):
        valkey.flushall()

        await until(lambda: valkey.sismember("t:readers:words", "app"))

        assert valkey.get("t:partitions") == b"2"
        assert valkey.hgetall("t:topics") == {b"words": b"2"}


async def test_another_number_of_partitions_that_came_with_a_flush_ends_the_worker(
    server: Server, valkey: Valkey
) -> None:
    app = counting(server)

    async def flushed() -> None:
        async with faust_redis.running(app):
            pipeline = valkey.pipeline()
            pipeline.flushall()
            pipeline.set("t:partitions", 8)
            pipeline.execute()
            await until(lambda: app.crashed)

    with pytest.raises(PartitionCountError, match="has 8 partitions on record, not 2"):
        await flushed()


async def test_a_worker_starts_at_the_memory_limit_and_works_the_backlog_off(
    server: Server, valkey: Valkey
) -> None:
    async with AsyncPublisher(server.url, "t", "words", partitions=2) as publish:
        positions = await publish.publish(0, words(*"aabb"))
    # As a stream that was trimmed before this app ever read it is.
    valkey.xtrim("t:{0}:words", minid=positions[1], approximate=False)
    valkey.config_set("maxmemory", 1)

    app = counting(server)
    async with faust_redis.running(app):
        await until(lambda: app.consumer.units[0].feeds["words"].position == positions[-1])

    assert valkey.hgetall("t:{0}:app-counts") == {b'"a"': b"1", b'"b"': b"2"}


async def test_answers_that_were_read_do_not_pile_up(server: Server, valkey: Valkey) -> None:
    app = app_of(server)

    @app.agent(app.topic("questions", value_type=int))
    async def double(stream: Any) -> Any:
        async for number in stream:
            yield 2 * number

    async with faust_redis.running(app):
        answers = [await double.ask(number) for number in range(20)]
        await app.consumer.upkeep.tidy_replies()
        (replies,) = valkey.keys(f"t:{{0}}:{app.conf.reply_to_prefix}*")
        left, kept_ms = valkey.xlen(replies), valkey.pttl(replies)

    assert answers == [2 * number for number in range(20)]
    assert left <= 1
    assert 0 < kept_ms <= 3_600_000


async def test_a_tombstone_that_was_set_aside_is_sent_again_as_one(
    server: Server, valkey: Valkey
) -> None:
    app = app_of(server)

    @app.agent(app.topic("words", key_type=str, value_type=str))
    async def refuse(stream: Any) -> None:
        async for word in stream:
            message = f"no {word}"
            raise ValueError(message)

    async with faust_redis.running(app):
        valkey.xadd("t:{0}:words", {"k": "key"})
        valkey.xadd("t:{0}:words", {"unknown": "field"})
        await until(lambda: valkey.xlen("t:{0}:dead") == 2)
    with contextlib.closing(faust_redis.DeadLetters(server.url, "t")) as letters:
        second, first = letters.list(range(2))
        letters.retry(first.place)
        letters.retry(second.place)

    assert first.raw == second.raw == b""
    assert [fields for _, fields in valkey.xrange("t:{0}:words")][2:] == [
        {b"k": b"key"},
        {b"e": b""},
    ]


async def test_what_a_table_wants_called_is_called_when_it_is_loaded(server: Server) -> None:
    loaded: list[dict[str, int]] = []

    def build() -> faust_redis.App:
        app: faust_redis.App = counting(server)
        counts = app.tables["counts"]

        @counts.on_recover
        async def note() -> None:
            loaded.append(dict(counts.items()))

        return app

    async with AsyncPublisher(server.url, "t", "words", partitions=2) as publish:
        positions = await publish.publish(0, words(*"aab"))
        async with faust_redis.running(build()):
            await publish.wait_committed("app", 0, positions[-1])
        async with faust_redis.running(build()):
            await until(lambda: len(loaded) == 2)

    assert loaded == [{}, {"a": 2, "b": 1}]


async def test_the_monitor_knows_how_far_commits_and_topics_are(server: Server) -> None:
    app = counting(server)
    async with AsyncPublisher(server.url, "t", "words") as publish, faust_redis.running(app):
        positions = await publish.publish(1, words(*"abc"))
        await publish.wait_committed("app", 1, positions[-1])
        await until(lambda: app.consumer.units[1].feeds["words"].position == positions[-1])
        await app.consumer.upkeep.turn()

    place = TP("words", 1)
    assert app.monitor.tp_committed_offsets[place] == pack(positions[-1])
    assert app.monitor.tp_end_offsets[place] == pack(positions[-1])
