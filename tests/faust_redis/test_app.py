"""What an agent is handed, and what an app tells: in this process, on a real server."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest

import faust_redis
from faust_redis import AsyncPublisher, Batch
from faust_redis.errors import CommitRefusedError, UnsupportedError
from faust_redis.keys import Keyspace
from faust_redis.partition import Partition
from faust_redis.positions import pack

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.faust_redis.servers import Server, Valkey

    Handle = Callable[[Batch], Awaitable[None]]


async def ignore(batch: Batch) -> None:
    """Do nothing with a batch, which is all it takes to commit it."""


def build(server: Server, handle: Handle = ignore, **settings: Any) -> faust_redis.App:
    """An app of two partitions whose one agent hands every batch to *handle*."""
    topic = {k: settings.pop(k) for k in ("max_records", "start_from", "rest_s") if k in settings}
    settings = {"partitions": 2, "lease_s": 0.5, **settings}
    app = faust_redis.App("app", broker=server.url, namespace="t", **settings)
    faust_redis.Table(app, "state")

    @app.agent(faust_redis.batch_topic(app, "events", **topic))
    async def agent(stream) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        async for batch in stream:
            await handle(batch)

    return app


def values(*texts: str) -> list[tuple[bytes, bytes]]:
    """Items to publish."""
    return [(text.encode(), text.encode()) for text in texts]


async def test_a_batch_carries_records_of_one_partition_in_order(server: Server) -> None:
    seen: list[Batch] = []

    async def keep(batch: Batch) -> None:
        seen.append(batch)

    async with AsyncPublisher(server.url, "t") as publisher:
        first = await publisher.publish(1, values("a", "b", "c"))
        async with faust_redis.running(build(server, keep, max_records=2)):
            await publisher.wait_committed("app", 1, first[-1])

    assert [[r.value for r in batch.records] for batch in seen] == [[b"a", b"b"], [b"c"]]
    assert [r.position for batch in seen for r in batch.records] == first
    assert {batch.partition for batch in seen} == {1}
    assert {batch.epoch for batch in seen} == {1}


async def test_what_comes_while_a_topic_rests_is_one_batch(server: Server) -> None:
    seen: list[list[bytes]] = []

    async def keep(batch: Batch) -> None:
        seen.append([record.value for record in batch.records])

    async with (
        AsyncPublisher(server.url, "t", partitions=2) as publisher,
        faust_redis.running(build(server, keep, rest_s=4.0)),
    ):
        first = await publisher.publish(1, values("a"))
        await publisher.wait_committed("app", 1, first[-1])
        for text in "bcd":
            last = await publisher.publish(1, values(text))
        await publisher.wait_committed("app", 1, last[-1])

    assert seen == [[b"a"], [b"b", b"c", b"d"]]


async def test_a_partition_rests_alone(server: Server) -> None:
    seen: list[bytes] = []

    async def keep(batch: Batch) -> None:
        seen.extend(record.value for record in batch.records)

    async with (
        AsyncPublisher(server.url, "t", partitions=2) as publisher,
        faust_redis.running(build(server, keep, rest_s=600.0)),
    ):
        for partition, text in enumerate("ab"):
            last = await publisher.publish(partition, values(text))
            await publisher.wait_committed("app", partition, last[-1])

    assert seen == [b"a", b"b"]


@pytest.mark.parametrize("now_s", [0.0, 12.25, 1_000_003.7])
def test_partitions_that_rest_take_turns(now_s: float) -> None:
    rests = []
    for number in range(8):
        unit = Partition(number, "app", Keyspace("t"))
        unit.rest(now_s, 1.0)
        first_s = unit.rests_until_s
        unit.rest(first_s + 0.01, 1.0)
        rests.append((first_s - now_s, unit.rests_until_s - first_s))

    turns = sorted((now_s + first_s) % 1.0 for first_s, _ in rests)
    assert all(0.5 <= first_s < 1.5 and again_s == pytest.approx(1.0) for first_s, again_s in rests)
    assert min(later - sooner for sooner, later in itertools.pairwise(turns)) > 0.05


async def test_records_of_foreign_writers_come_with_the_field_e_or_nothing(
    server: Server, valkey: Valkey
) -> None:
    seen: list[bytes] = []

    async def keep(batch: Batch) -> None:
        seen.extend(record.value for record in batch.records)

    valkey.xadd("t:{0}:events", {"other": "x", "e": "inner"})
    last = valkey.xadd("t:{0}:events", {"other": "x"}).decode()
    async with (
        faust_redis.running(build(server, keep)),
        AsyncPublisher(server.url, "t") as publisher,
    ):
        await publisher.wait_committed("app", 0, last)

    assert seen == [b"inner", b""]


async def test_a_table_shows_what_was_loaded_and_what_this_batch_wrote(
    server: Server, valkey: Valkey
) -> None:
    views: list[dict[bytes, bytes]] = []
    valkey.hset("t:{0}:state", mapping={"old": "1", "gone": "1"})

    async def write(batch: Batch) -> None:
        table = app.tables["state"].partition(batch.partition)
        views.append(dict(table))
        batch.write.put("state", b"new", b"2")
        batch.write.remove("state", b"gone")
        batch.write.put("state", b"again", b"x")
        batch.write.remove("state", b"again")
        views.append(dict(table))

    app = build(server, write)
    async with faust_redis.running(app), AsyncPublisher(server.url, "t") as publisher:
        (position,) = await publisher.publish(0, values("a"))
        await publisher.wait_committed("app", 0, position)

    assert views == [{b"old": b"1", b"gone": b"1"}, {b"old": b"1", b"new": b"2"}]
    assert valkey.hgetall("t:{0}:state") == {b"old": b"1", b"new": b"2"}


async def test_a_table_is_a_faust_table_of_the_partition_in_hand(
    server: Server, valkey: Valkey
) -> None:
    valkey.hset("t:{1}:state", "a", "1")

    async def count(batch: Batch) -> None:
        table = app.tables["state"]
        for record in batch.records:
            table[record.value] = b"%d" % (int(table.get(record.value, b"0")) + 1)
        table[b"brief"] = b"x"
        del table[b"brief"]
        assert b"brief" not in table

    app = build(server, count)
    async with faust_redis.running(app), AsyncPublisher(server.url, "t") as publisher:
        positions = await publisher.publish(1, [(b"1", b"a"), (b"2", b"b"), (b"3", b"a")])
        await publisher.wait_committed("app", 1, positions[-1])

    assert valkey.hgetall("t:{1}:state") == {b"a": b"3", b"b": b"1"}
    with pytest.raises(UnsupportedError, match="batch in hand"):
        app.tables["state"][b"a"] = b"4"


async def test_apps_in_one_loop_hand_on_what_the_one_before_committed(server: Server) -> None:
    seen: list[tuple[int, bytes]] = []
    last = faust_redis.App("record", broker=server.url, namespace="t", partitions=2)

    @last.agent(faust_redis.batch_topic(last, "changes"))
    async def record(stream) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        async for batch in stream:
            seen.extend((batch.partition, record.value) for record in batch.records)

    async def hand_on(batch: Batch) -> None:
        for record in batch.records:
            batch.write.append("changes", record.value * 2)

    async with (
        faust_redis.running(build(server, hand_on)),
        faust_redis.running(last),
        AsyncPublisher(server.url, "t") as publisher,
        AsyncPublisher(server.url, "t", "changes") as changes,
    ):
        for partition in (0, 1):
            (position,) = await publisher.publish(partition, values("ab"))
            await publisher.wait_committed("app", partition, position)
        while await changes.lag("record"):  # noqa: ASYNC110 - it is on the server
            await asyncio.sleep(0.01)

    assert seen == [(0, b"abab"), (1, b"abab")]


async def test_every_commit_is_told_of(server: Server) -> None:
    told: list[tuple[str, float]] = []
    app = build(server, on_commit=lambda batch, seconds: told.append((batch.position, seconds)))

    async with faust_redis.running(app), AsyncPublisher(server.url, "t") as publisher:
        (position,) = await publisher.publish(0, values("a"))
        await publisher.wait_committed("app", 0, position)

    ((committed, seconds),) = told
    assert committed == position
    assert seconds > 0


async def test_a_batch_is_read_again_with_a_new_generation_after_its_partition_was_lost(
    server: Server, valkey: Valkey
) -> None:
    generations: list[int] = []
    fenced: list[int] = []

    async def lose_once(batch: Batch) -> None:
        generations.append(batch.generation)
        if len(generations) == 1:
            valkey.hset("t:{0}:cursor:app", "token", "another's")
        table = app.tables["state"].partition(0)
        batch.write.put("state", b"n", b"%d" % (int(table.get(b"n", b"0")) + 1))

    app = build(server, lose_once, on_fenced=fenced.append)
    async with AsyncPublisher(server.url, "t") as publisher:
        (position,) = await publisher.publish(0, values("a"))
        async with faust_redis.running(app):
            await publisher.wait_committed("app", 0, position)

    assert fenced == [0]
    assert generations[1] > generations[0]
    assert valkey.hgetall("t:{0}:state") == {b"n": b"1"}


async def test_an_idle_partition_keeps_its_lease(server: Server, valkey: Valkey) -> None:
    async with faust_redis.running(build(server, lease_s=0.3)):
        await asyncio.sleep(0.1)
        token = valkey.hget("t:{0}:cursor:app", "token")
        await asyncio.sleep(1.0)
        seconds, micros = valkey.time()

        assert valkey.hget("t:{0}:cursor:app", "token") == token
        left_ms = int(valkey.hget("t:{0}:cursor:app", "lease_until_ms"))
        assert left_ms > seconds * 1000 + micros / 1000


async def test_an_app_may_begin_where_its_own_books_say(server: Server, valkey: Valkey) -> None:
    seen: list[bytes] = []
    books: dict[int, str] = {}

    async def keep(batch: Batch) -> None:
        seen.extend(record.value for record in batch.records)

    async def start_from(partition: int) -> str | None:
        return books.get(partition)

    async with AsyncPublisher(server.url, "t") as publisher:
        positions = await publisher.publish(0, values("a", "b", "c", "d"))
        async with faust_redis.running(build(server, keep)):
            await publisher.wait_committed("app", 0, positions[-1])
        books[0] = positions[1]
        seen.clear()

        async with faust_redis.running(build(server, keep, start_from=start_from)):
            await publisher.wait_committed("app", 0, positions[-1])

    assert seen == [b"c", b"d"]
    assert valkey.hget("t:{0}:cursor:app", "count") == b"4"


async def test_an_agents_error_is_raised_and_its_batch_is_read_again(server: Server) -> None:
    async def fail(batch: Batch) -> None:
        batch.write.set("pred:x", b"half")
        message = f"at {batch.position}"
        raise ZeroDivisionError(message)

    app = build(server, fail)
    async with AsyncPublisher(server.url, "t") as publisher:
        (position,) = await publisher.publish(0, values("a"))
        with pytest.raises(ZeroDivisionError, match=position):
            async with faust_redis.running(app):
                await app.wait_until_stopped()

        assert await publisher.committed("app", 0) == "0-0"
        async with faust_redis.running(build(server)):
            await publisher.wait_committed("app", 0, position)


async def test_a_commit_the_server_will_never_take_ends_the_app(
    server: Server, valkey: Valkey
) -> None:
    valkey.set("t:{0}:changes", "not a stream")

    async def append(batch: Batch) -> None:
        batch.write.set("pred:x", b"half")
        batch.write.append("changes", b"x")

    app = build(server, append)
    async with AsyncPublisher(server.url, "t") as publisher:
        await publisher.publish(0, values("a"))
        with pytest.raises(CommitRefusedError, match="WRONGTYPE"):
            async with faust_redis.running(app):
                await app.wait_until_stopped()

    assert valkey.exists("pred:x") == 0


async def test_what_is_not_carried_is_said_in_a_sentence(server: Server) -> None:
    app = build(server)

    with pytest.raises(UnsupportedError, match="max_records"):
        faust_redis.batch_topic(app, "events", max_records=0)
    app.SetTable("names", value_type=str)
    with pytest.raises(UnsupportedError, match="sets and objects are not carried"):
        await app.start()
    await app.stop()


async def test_a_second_batch_topic_in_one_app_is_refused(server: Server) -> None:
    app = build(server)

    @app.agent(faust_redis.batch_topic(app, "changes"))
    async def other(stream) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        async for _ in stream:
            pass

    with pytest.raises(UnsupportedError, match="one batch topic at most"):
        async with faust_redis.running(app):
            await app.wait_until_stopped()


def test_offsets_order_as_positions_do() -> None:
    positions = ["0-0", "0-1", "9-5", "10-0", "10-18446744073709551615", "18446744073709551615-0"]

    assert sorted(positions, key=pack) == positions
