"""What is sent lies where it is read: in this process, on a real server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import faust_redis
from faust_redis import AsyncPublisher
from faust_redis.errors import PartitionCountError

if TYPE_CHECKING:
    from tests.faust_redis.servers import Server, Valkey


def build(server: Server, app_id: str, **settings: Any) -> faust_redis.App:
    """An app in the tests' namespace."""
    settings = {"partitions": 8, "lease_s": 0.5, **settings}
    return faust_redis.App(app_id, broker=server.url, namespace="t", **settings)


def spread(valkey: Valkey, topic: str) -> dict[int, int]:
    """How many records lie in each partition of a topic."""
    lengths = {p: valkey.xlen(f"t:{{{p}}}:{topic}") for p in range(16)}
    return {p: length for p, length in lengths.items() if length}


async def test_what_a_producer_assumes_of_a_topic_is_on_record_before_it_sends(
    server: Server, valkey: Valkey
) -> None:
    sender = build(server, "sender")
    async with sender.producer as producer:
        for number in range(50):
            await producer.send("orders", b"%d" % number, b"%d" % number, None, None, None)

    assert valkey.hget("t:topics", "orders") == b"8"
    assert len(spread(valkey, "orders")) > 2
    reader = build(server, "reader")

    @reader.agent(reader.topic("orders", value_type=int, partitions=2))
    async def read(stream: Any) -> None:
        async for _ in stream:
            pass

    with pytest.raises(PartitionCountError, match="8 partitions on record, not 2"):
        async with faust_redis.running(reader):
            pass


@pytest.mark.parametrize("partitions", [2, None])
async def test_what_an_agent_sends_soon_lies_in_partitions_on_record(
    server: Server, valkey: Valkey, partitions: int | None
) -> None:
    if partitions is None:
        valkey.hset("t:topics", "orders", 2)
    app = build(server, "app")
    orders = app.topic("orders", key_type=str, value_type=int, partitions=partitions)

    @app.agent(app.topic("asked", value_type=int, partitions=1))
    async def send(stream: Any) -> None:
        async for count in stream:
            for number in range(count):
                orders.send_soon(key=str(number), value=number)

    async with faust_redis.running(app), AsyncPublisher(server.url, "t", "asked") as publisher:
        (position,) = await publisher.publish(0, [(b"", b"50")])
        await publisher.wait_committed("app", 0, position)

    assert set(spread(valkey, "orders")) == {0, 1}
    assert sum(spread(valkey, "orders").values()) == 50
    held = [int(f[b"e"]) for _, f in valkey.xrange("t:{0}:orders")]
    assert held == sorted(held)


async def test_a_topic_keeps_the_namespaces_number_where_a_producer_would_assume_another(
    server: Server, valkey: Valkey
) -> None:
    valkey.set("t:partitions", 4)
    sender = build(server, "sender", partitions=8)
    async with sender.producer:
        await sender.producer.send("words", b"k", b"v", None, None, None)
        with pytest.raises(
            PartitionCountError, match="'words' has no partition 4: 4 are on record"
        ):
            await sender.producer.send("words", b"k", b"v", 4, None, None)

    assert valkey.hget("t:topics", "words") == b"4"


async def test_what_is_sent_soon_by_a_round_that_is_undone_is_sent_once(
    server: Server, valkey: Valkey
) -> None:
    app = build(server, "app", partitions=1)
    soon, awaited = app.topic("soon", value_type=int), app.topic("awaited", value_type=int)
    begun, tries = asyncio.Event(), list[int]()

    @app.agent(app.topic("numbers", value_type=int), concurrency=2)
    async def send(stream: Any) -> None:
        async for number in stream:
            tries.append(number)
            if number == 1:
                # So that the other has begun a record of the round that this one undoes.
                await begun.wait()
                message = "told to"
                raise ValueError(message)
            begun.set()
            await asyncio.sleep(0.3)
            soon.send_soon(value=number)
            await awaited.send(value=number)

    async with faust_redis.running(app), AsyncPublisher(server.url, "t", "numbers") as publisher:
        positions = await publisher.publish(0, [(b"%d" % n, b"%d" % n) for n in (1, 2, 3)])
        await publisher.wait_committed("app", 0, positions[-1])

    assert tries.count(2) == 2
    for name in ("awaited", "soon"):
        held = sorted(f[b"e"] for _, f in valkey.xrange(f"t:{{0}}:{name}"))
        assert held == [b"2", b"3"], name


async def test_a_keyed_topic_of_faust_can_be_fed_by_a_publisher(server: Server) -> None:
    app = build(server, "app", partitions=4)
    names = app.topic("names", key_type=str, value_type=int)
    totals = app.Table("totals", default=int)

    @app.agent(names)
    async def add(stream: Any) -> None:
        async for key, value in stream.items():
            totals[key] += value

    async with faust_redis.running(app), AsyncPublisher(server.url, "t", "names") as publisher:
        for number, name in enumerate(["ann", "bob", "cid", "ann"]):
            sent = await names.send(key=name, value=1)
            partition = await publisher.partition_for(name.encode())
            assert (await sent).partition == partition
            item = (b"%d" % number, b"10", name.encode())
            (position,) = await publisher.publish(partition, [item])
            await publisher.wait_committed("app", partition, position)
        views = {k: v for view in app.consumer.all_views("app-totals") for k, v in view.items()}

    assert views == {"ann": 22, "bob": 11, "cid": 11}
