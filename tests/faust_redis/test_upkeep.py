"""Dead letters, trimming, changelogs, new histories, metrics: in this process, on a real server."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest
from faust.sensors.base import Sensor
from prometheus_client import CollectorRegistry

import faust_redis
from faust_redis import AsyncPublisher, DeadLetters, Metrics
from faust_redis.address import parse
from faust_redis.changelog import fold, replayed
from faust_redis.client import Client
from faust_redis.errors import NoLetterError
from faust_redis.plan import moves
from tests.faust_redis.counts import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faust_redis.servers import Server, Valkey


def build(server: Server, **settings: Any) -> tuple[faust_redis.App, list[str]]:
    """An app of ordinary records, and what its agent has seen."""
    settings = {"partitions": 2, "lease_s": 0.5, **settings}
    app = faust_redis.App("app", broker=server.url, namespace="t", **settings)
    seen: list[str] = []
    counts = app.Table("counts", default=int)

    @app.agent(app.topic("words", value_type=str))
    async def count(stream: Any) -> None:
        async for word in stream:
            seen.append(word)
            if word == "bad":
                message = "told to"
                raise ValueError(message)
            counts[word] += 1

    return app, seen


def publisher(server: Server) -> AsyncPublisher:
    """A publisher of words."""
    return AsyncPublisher(server.url, "t", "words")


async def test_a_dead_letter_is_listed_shown_sent_again_and_dropped(
    server: Server, valkey: Valkey
) -> None:
    app, seen = build(server)
    async with faust_redis.running(app), publisher(server) as publish:
        last = (await publish.publish(1, words("a", "bad", "b")))[-1]
        await publish.wait_committed("app", 1, last)
    letters = DeadLetters(server.url, "t")

    (letter,) = letters.list(range(2), topic="words")
    shown = letters.show(letter.place)
    position = letters.retry(letter.place)

    assert shown == letter
    assert (letter.raw, letter.text("error"), letter.topic) == (b'"bad"', "told to", "words")
    assert [f for i, f in valkey.xrange("t:{1}:words") if i.decode() == position] == [
        {b"e": b'"bad"'}
    ]
    with pytest.raises(NoLetterError, match="nothing was set aside"):
        letters.retry(letter.place)
    async with faust_redis.running(build(server)[0]), publisher(server) as publish:
        await publish.wait_committed("app", 1, position)
    (again,) = letters.list(range(2))
    letters.drop(again.place)
    assert letters.list(range(2)) == []
    assert seen == ["a", "bad", "a", "b"]
    assert valkey.hgetall("t:{1}:app-counts") == {b'"a"': b"1", b'"b"': b"1"}
    letters.close()


async def test_a_stream_is_trimmed_behind_its_slowest_reader_and_never_ahead(
    server: Server, valkey: Valkey
) -> None:
    app, _ = build(server, keep_records=2)
    async with publisher(server) as publish, faust_redis.running(app):
        positions = await publish.publish(0, words(*"abcdefgh"))
        await publish.wait_committed("app", 0, positions[-1])
        valkey.sadd("t:readers:words", "slow")
        valkey.hset("t:{0}:cursor:slow", "position:words", positions[3])
        await app.consumer.upkeep.turn()
        behind = [entry.decode() for entry, _ in valkey.xrange("t:{0}:words")]
        valkey.hset("t:{0}:cursor:slow", "position:words", positions[7])
        await app.consumer.upkeep.turn()
        newest = [entry.decode() for entry, _ in valkey.xrange("t:{0}:words")]

    assert behind == positions[4:]
    assert newest == positions[6:]


async def test_records_are_kept_until_they_are_old_enough(server: Server, valkey: Valkey) -> None:
    day_ms = 24 * 3600 * 1000
    seconds, _ = valkey.time()
    old = [f"{1000 * seconds - day_ms - 5000 + n}-0" for n in range(3)]
    young = f"{1000 * seconds - day_ms + 600_000}-0"
    for entry in (*old, young):
        valkey.xadd("t:{0}:words", {"e": '"a"'}, id=entry)

    app, _ = build(server, keep_s=24 * 3600.0)
    async with publisher(server) as publish, faust_redis.running(app):
        await publish.wait_committed("app", 0, young)
        await app.consumer.upkeep.turn()

    assert [entry.decode() for entry, _ in valkey.xrange("t:{0}:words")] == [young]


async def test_nothing_is_trimmed_before_a_reader_that_has_not_started_yet(
    server: Server, valkey: Valkey
) -> None:
    app, _ = build(server, keep_s=0.0, keep_for=["late"])
    async with publisher(server) as publish, faust_redis.running(app):
        positions = await publish.publish(0, words(*"abcd"))
        await publish.wait_committed("app", 0, positions[-1])
        await app.consumer.upkeep.turn()
        before = valkey.xlen("t:{0}:words")
        valkey.hset("t:{0}:cursor:late", "position:words", positions[1])
        await app.consumer.upkeep.turn()

    assert before == 4
    assert [entry.decode() for entry, _ in valkey.xrange("t:{0}:words")] == positions[2:]


async def test_a_reader_that_was_trimmed_past_is_told(
    server: Server, valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    async with publisher(server) as publish:
        first = await publish.publish(0, words("a"))
        async with faust_redis.running(build(server)[0]):
            await publish.wait_committed("app", 0, first[-1])
        positions = await publish.publish(0, words("b", "c", "d", "e"))
        valkey.xtrim("t:{0}:words", minid=positions[-1], approximate=False)

        app, seen = build(server)
        async with faust_redis.running(app):
            await publish.wait_committed("app", 0, positions[-1])

        assert seen == ["e"]
        assert "3 records after" in caplog.text
        assert app.consumer.watch.counts["trimmed_past"] == 3


async def test_a_folded_changelog_rebuilds_the_same_table(server: Server, valkey: Valkey) -> None:
    app, _ = build(server, store="memory://")
    changelog = "t:{0}:app-counts-changelog"
    async with publisher(server) as publish:
        async with faust_redis.running(app):
            positions = await publish.publish(0, words(*"aabacb"))
            await publish.wait_committed("app", 0, positions[-1])
            told = valkey.xlen(changelog)
            await app.consumer.upkeep.fold(app.consumer.units[0], age_s=0)
            folded = valkey.xlen(changelog)
            (position,) = await publish.publish(0, [(b"more", b'"a"')])
            await publish.wait_committed("app", 0, position)

        app, _ = build(server, store="memory://")
        async with faust_redis.running(app):
            (position,) = await publish.publish(0, [(b"again", b'"b"')])
            await publish.wait_committed("app", 0, position)
            (view, _) = app.consumer.all_views("app-counts")

    assert view == {"a": 4, "b": 3, "c": 1}
    assert (told, folded) == (3, 0)
    assert valkey.hlen(f"{changelog}:snapshot") == 3
    assert valkey.exists("t:{0}:app-counts") == 0


async def test_what_is_young_stays_in_the_changelog_and_who_does_not_own_it_moves_nothing(
    server: Server, valkey: Valkey
) -> None:
    app, _ = build(server, store="memory://")
    changelog = "t:{0}:app-counts-changelog"
    async with publisher(server) as publish, faust_redis.running(app):
        positions = await publish.publish(0, words(*"abc"))
        await publish.wait_committed("app", 0, positions[-1])
        unit = app.consumer.units[0]

        await app.consumer.upkeep.turn()
        moved = await fold(
            app.consumer.control, unit.cursor, "not-ours", changelog, keep_deleted=False, age_s=0
        )

    assert moved == 0
    assert valkey.xlen(changelog) == 3


@pytest.mark.parametrize("keep_deleted", [False, True])
async def test_a_changelog_tells_the_same_wherever_it_is_folded(
    server: Server, valkey: Valkey, *, keep_deleted: bool
) -> None:
    rng, expected = random.Random(1), dict[bytes, bytes]()
    client = Client(parse(server.url), "test")
    valkey.hset("cursor", "token", "me")
    for number in range(300):
        key = b"k%d" % rng.randrange(20)
        if rng.random() < 0.3:
            expected.pop(key, None)
            valkey.xadd("log", {"k": key})
        else:
            expected[key] = value = b"a value %d" % number
            valkey.xadd("log", {"e": value, "k": key})
        if number % 50 == 20:
            await fold(client, "cursor", "me", "log", keep_deleted=keep_deleted, age_s=0)

    told = await replayed(client, "log")
    length = valkey.xlen("log")
    while await fold(client, "cursor", "me", "log", keep_deleted=keep_deleted, age_s=0):
        pass

    assert told == expected == await replayed(client, "log")
    assert length < 50
    assert valkey.xlen("log") == 0
    assert (valkey.hlen("log:snapshot") > len(expected)) == keep_deleted
    client.close()


async def test_a_flush_under_a_running_worker_begins_a_new_history(
    server: Server, valkey: Valkey
) -> None:
    app, seen = build(server)
    async with faust_redis.running(app), publisher(server) as publish:
        (position,) = await publish.publish(0, words("a"))
        await publish.wait_committed("app", 0, position)

        valkey.flushall()
        (position,) = await publish.publish(0, [(b"after", b'"b"')])
        await publish.wait_committed("app", 0, position)

        # What was in hand when the token was gone is handed out again, and counted once.
        assert set(seen) == {"a", "b"}
        assert valkey.hget("t:{0}:cursor:app", "epoch") == b"2"
        assert valkey.hgetall("t:{0}:app-counts") == {b'"b"': b"1"}


class Rebalances(Sensor):
    """Writes down what Faust's sensors are told of rebalances."""

    def on_init(self) -> None:
        self.told: list[str] = []

    def on_rebalance_start(self, *_: object) -> dict[str, float]:
        self.told.append("start")
        return {}

    def on_rebalance_return(self, *_: object) -> None:
        self.told.append("return")

    def on_rebalance_end(self, *_: object) -> None:
        self.told.append("end")


async def test_fausts_sensors_are_told_of_each_rebalance_from_its_start_to_its_end(
    server: Server, valkey: Valkey
) -> None:
    (first, _), (second, _) = build(server), build(server)
    sensor = Rebalances()
    first.sensors.add(sensor)

    async with faust_redis.running(first):
        await until(lambda: sensor.told[-1:] == ["end"])
        sensor.told.clear()
        async with faust_redis.running(second):
            await until(lambda: len(owners(valkey)) == 2)
            await until(lambda: sensor.told[-1:] == ["end"])
            joined = list(sensor.told)
        await until(lambda: len(owners(valkey)) == 1 and len(sensor.told) > len(joined))
        await until(lambda: sensor.told[-1:] == ["end"])

    assert joined == ["start", "return", "end"]
    assert sensor.told == 2 * ["start", "return", "end"]


def owners(valkey: Valkey) -> set[bytes]:
    """Who holds the partitions."""
    found = {valkey.hget(f"t:{{{n}}}:cursor:app", "owner") for n in range(2)}
    return {owner for owner in found if owner}


async def until(condition: Callable[[], bool]) -> None:
    """Return once *condition* holds."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is awaited is on the server
            await asyncio.sleep(0.01)


async def test_commits_wait_while_the_server_is_a_replica(server: Server, valkey: Valkey) -> None:
    app, seen = build(server, lease_s=5)
    async with faust_redis.running(app), publisher(server) as publish:
        positions = await publish.publish(0, words("a"))
        await publish.wait_committed("app", 0, positions[-1])
        positions = await publish.publish(0, [(b"held", b'"b"')])
        valkey.replicaof("127.0.0.1", 1)
        await asyncio.sleep(0.3)
        valkey.replicaof("NO", "ONE")
        await publish.wait_committed("app", 0, positions[-1])

    assert seen == ["a", "b"]
    assert valkey.hgetall("t:{0}:app-counts") == {b'"a"': b"1", b'"b"': b"1"}


async def test_what_happens_is_counted_for_prometheus(server: Server) -> None:
    registry = CollectorRegistry()
    app, _ = build(server)
    Metrics(registry).watch(app)
    async with faust_redis.running(app), publisher(server) as publish:
        last = (await publish.publish(1, words("a", "bad")))[-1]
        await publish.wait_committed("app", 1, last)
        await app.consumer.upkeep.turn()

    where = {"app": "app", "topic": "words", "partition": "1"}
    assert registry.get_sample_value("faust_redis_dead_total", {"app": "app"}) == 1
    assert registry.get_sample_value("faust_redis_lag_records", where) == 0
    assert registry.get_sample_value("faust_redis_lag_seconds", where) == 0
    assert registry.get_sample_value("faust_redis_commit_seconds_count", {"app": "app"})


@pytest.mark.parametrize("partitions", [1, 7, 8, 64])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 16])
def test_a_plan_is_fair_is_reached_and_moves_no_more_than_it_must(
    partitions: int, count: int
) -> None:
    members = [f"w{number}" for number in range(count)]
    owners = [members[0]] * partitions
    moved = 0

    for _ in range(4):
        for member in members:
            give, take = moves(member, members, owners)
            moved += len(take)
            for number in give:
                owners[number] = ""
            for number in take:
                owners[number] = member

    held = [owners.count(member) for member in members]
    assert max(held) - min(held) <= 1
    assert sum(held) == partitions
    assert moved == partitions - -(-partitions // count)
