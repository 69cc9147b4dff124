"""How the system is: what waits, who is heard, what goes wrong."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from dashboard.feeds import Feeds
from schemas import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

MATCH_ID = "e0-2024-25-arsenal-chelsea-1"
EVENTS = keys.stream("sabi", 0, keys.EVENTS)
NOW = dt.datetime(2025, 5, 24, 14, tzinfo=dt.UTC)


def event(source: str = "my-feed", kind: str = "odds.changed", **data: Any) -> bytes:
    said = {"source": source, "type": kind, "time": NOW.isoformat(), "data": data}
    return json.dumps(said).encode()


def status_where(client: httpx.AsyncClient, condition: Callable[[Any], bool]) -> Any:
    async def is_so() -> bool:
        return condition((await client.get("/v1/status")).json())

    return is_so


async def test_what_an_app_has_not_committed_is_its_lag(
    valkey: Any, served: Any, until: Any
) -> None:
    events = keys.stream("sabi", 1, keys.EVENTS)
    first = valkey.call("XADD", events, "*", "e", event())
    cursor = keys.cursor("sabi", 1, "forecast")
    valkey.call("HSET", cursor, "position", first, "count", 1)
    for _ in range(2):
        valkey.call("XADD", events, "*", "e", event())

    async with served(partitions=2, look_s=0.02) as client:
        await until(status_where(client, lambda told: bool(told["partitions"])))
        behind = (await client.get("/v1/status")).json()["partitions"]
        last = valkey.call("XADD", events, "*", "e", event())
        valkey.call("HSET", cursor, "position", last, "count", 4)

        def caught_up(told: Any) -> bool:
            return bool(told["partitions"][1]["apps"]["forecast"] == {"lag": 0, "lag_s": 0.0})

        await until(status_where(client, caught_up))
        after = (await client.get("/v1/status")).json()["partitions"]

    assert behind[0]["apps"]["forecast"] == {"lag": 0, "lag_s": 0.0}
    assert behind[1]["apps"]["forecast"]["lag"] == 2
    assert behind[1]["apps"]["forecast"]["lag_s"] > 0
    # It has no cursor at all yet, and so has everything before it.
    assert after[1]["apps"]["archive"]["lag"] == 4


async def test_versions_errors_and_clients_are_told(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    valkey.commit(forecast(epoch=3))
    valkey.call("HSET", keys.stream("sabi", 0, keys.STATE), "model", "default@1")
    valkey.call("HSET", keys.stream("sabi", 0, keys.STATE), "m:e0-2024-25-a-b-1", "x")
    valkey.call("XADD", keys.stream("sabi", 0, keys.DEAD), "*", "raw", "x")

    async with served(look_s=0.02) as client:
        await until(status_where(client, lambda told: bool(told["partitions"])))
        await client.get("/v1/predictions/e0-2024-25-a-b-1")
        told = (await client.get("/v1/status")).json()

    assert (told["ready"], told["freshness"], told["epoch"]) == (True, "following", 3)
    assert told["versions"]["model"] == "default@1"
    assert told["versions"]["redis"].split()[0] in {"redis", "valkey"}
    assert told["errors"] == {"dead": 1, "misses": 1}
    assert told["streams_clients"] == 0


async def test_the_models_at_work_are_told_by_pool_and_the_challenger_beside_them(
    valkey: Any, served: Any, until: Any
) -> None:
    first, second = (valkey.call("XADD", EVENTS, "*", "e", event()) for _ in range(2))
    for partition, label in enumerate(("default@2", "default@1", "default@2")):
        valkey.call("HSET", keys.stream("sabi", partition, keys.STATE), "model", label)
        valkey.call("HSET", keys.pools("sabi"), ("england", "spain", "italy")[partition], partition)
    valkey.call("HSET", keys.pools("sabi"), "scotland", 0)
    valkey.call("HSET", keys.stream("sabi", 0, keys.SHADOW), "model", "trial@1")
    valkey.call("HSET", keys.cursor("sabi", 0, "shadow"), "position", first, "count", 1)

    async with served(partitions=3, look_s=0.02) as client:
        await until(status_where(client, lambda told: bool(told["partitions"])))
        told = (await client.get("/v1/status")).json()

    assert [(row["pools"], row["model"], row["challenger"]) for row in told["partitions"]] == [
        (["england", "scotland"], "default@2", "trial@1"),
        (["spain"], "default@1", None),
        (["italy"], "default@2", None),
    ]
    assert ["shadow" in row["apps"] for row in told["partitions"]] == [True, False, False]
    assert told["partitions"][0]["apps"]["shadow"]["lag"] == 1
    assert told["versions"]["model"] is None
    assert told["versions"]["models"] == ["default@1", "default@2"]
    assert told["versions"]["challengers"] == ["trial@1"]
    assert second > first


async def test_rates_are_those_of_the_streams(valkey: Any, served: Any, until: Any) -> None:
    async with served(look_s=0.02) as client:
        await until(status_where(client, lambda told: bool(told["partitions"])))
        assert (await client.get("/v1/status")).json()["throughput"]["events_per_s"] == 0.0

        valkey.call("XADD", keys.stream("sabi", 0, keys.EVENTS), "*", "e", event())

        await until(status_where(client, lambda told: told["throughput"]["events_per_s"] > 0))


async def test_the_feeds_that_were_heard_are_told(valkey: Any, served: Any, until: Any) -> None:
    name = keys.stream("sabi", 0, keys.EVENTS)
    valkey.call("XADD", name, "*", "e", event("site"))
    valkey.call("XADD", name, "*", "e", b"\xff no event")
    async with served(look_s=0.02) as client:
        await until(status_where(client, lambda told: bool(told["feeds"])))
        (site,) = (await client.get("/v1/status")).json()["feeds"]

        valkey.call("XADD", name, "*", "e", event("clock", "feed.silent", silent_source="site"))
        await until(status_where(client, lambda told: told["feeds"][-1]["state"] == "silent"))
        valkey.call("XADD", name, "*", "e", event("site"))
        await until(status_where(client, lambda told: told["feeds"][-1]["state"] == "alive"))

    assert (site["source"], site["state"]) == ("site", "alive")
    assert site["last_event"] == "2025-05-24T14:00:00Z"


async def test_the_last_look_stands_while_redis_is_away_and_says_how_old_it_is(
    valkey: Any, served: Any, until: Any
) -> None:
    async with served(look_s=0.02, partitions=2) as client:
        await until(status_where(client, lambda told: bool(told["partitions"])))
        valkey.stop()
        await until(status_where(client, lambda told: told["freshness"] == "stopped"))
        told = (await client.get("/v1/status")).json()
        await until(
            status_where(client, lambda later: later["looked_ago_s"] > told["looked_ago_s"])
        )

    assert len(told["partitions"]) == 2


@pytest.mark.parametrize(("later_s", "state"), [(1, "alive"), (119, "alive"), (121, "unknown")])
def test_a_feed_not_heard_for_long_is_not_called_alive(later_s: int, state: str) -> None:
    feeds = Feeds()
    feeds.hear(1_000, event())

    (row,) = feeds.rows(1_000 + later_s * 1_000)

    assert (row.state, row.age_s) == (state, later_s)


def test_a_flood_of_sources_is_bounded() -> None:
    feeds = Feeds()

    for number in range(1_000):
        feeds.hear(number, event(f"feed-{number}"))

    assert len(feeds.rows(0)) == 200
