"""Events over HTTP: each stored once, in order, or answered with what is wrong."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import redis

from producers.gateway import Settings, create_app
from schemas.errors import SettingsError
from schemas.events import decode_event
from schemas.keys import EVENTS, cursor, stream
from tests.faust_redis.servers import Server
from tests.producers.test_feed_check import FIXTURE, ODDS, changed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = "a-token-for-the-tests"
NOW = dt.datetime(2025, 8, 15, 9, 0, 5, tzinfo=dt.UTC)
NDJSON = "application/x-ndjson"
BATCH = "application/cloudevents-batch+json"


@asynccontextmanager
async def client_of(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway in this process."""
    app = create_app(settings, clock=lambda: NOW)
    there = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=there, base_url="http://gateway") as client,
    ):
        yield client


def sending(body: bytes, media: str = NDJSON, **headers: str) -> dict[str, Any]:
    """What a feed posts."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "content": body,
        "headers": {"Authorization": f"Bearer {TOKEN}", "Content-Type": media, **named},
    }


def lines(*events: dict[str, Any]) -> bytes:
    """A body of JSON lines."""
    return b"\n".join(json.dumps(event).encode() for event in events)


@pytest.fixture
def settings(redis_url: str, namespace: str) -> Settings:
    return Settings(redis_url=redis_url, namespace=namespace, token=TOKEN, partitions=4)


@pytest.fixture
async def gateway(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(settings) as client:
        yield client


def entries(settings: Settings, partition: int = 0) -> list[tuple[str, bytes]]:
    """Positions and bodies of a partition's events."""
    with redis.Redis.from_url(settings.redis_url) as client:
        found = client.xrange(stream(settings.namespace, partition, EVENTS))
    return [(position.decode(), fields[b"e"]) for position, fields in found]


async def test_events_are_stored_in_order_with_their_positions_and_when_they_were_received(
    gateway: httpx.AsyncClient, settings: Settings
) -> None:
    answer = await gateway.post("/v1/events", **sending(lines(FIXTURE, ODDS)))

    stored = entries(settings)
    body = answer.json()
    assert answer.status_code == 200
    assert [event["position"] for event in body["events"]] == [position for position, _ in stored]
    assert [(e["event"], e["source"], e["id"], e["partition"]) for e in body["events"]] == [
        (1, "my-feed", "fixture", 0),
        (2, "my-feed", "odds", 0),
    ]
    assert [decode_event(raw).recordedtime for _, raw in stored] == [NOW, NOW]
    assert [json.loads(raw)["data"] for _, raw in stored] == [FIXTURE["data"], ODDS["data"]]


async def test_the_same_event_sent_again_gets_the_position_it_has(
    gateway: httpx.AsyncClient, settings: Settings
) -> None:
    first = await gateway.post("/v1/events", **sending(lines(FIXTURE, ODDS)))

    batch = json.dumps([ODDS, changed(id="new")]).encode()
    second = await gateway.post("/v1/events", **sending(batch, BATCH))

    assert second.json()["events"][0]["position"] == first.json()["events"][1]["position"]
    assert len(entries(settings)) == 3


async def test_attributes_that_we_do_not_know_and_a_time_of_receipt_are_kept(
    gateway: httpx.AsyncClient, settings: Settings
) -> None:
    said = {**FIXTURE, "traceparent": "00-ab", "recordedtime": "2025-08-10T09:00:01Z"}

    await gateway.post(
        "/v1/events", **sending(json.dumps(said).encode(), "application/cloudevents+json")
    )

    ((_, raw),) = entries(settings)
    assert json.loads(raw) == said


async def test_one_bad_event_keeps_all_out_and_every_bad_one_is_told(
    gateway: httpx.AsyncClient, settings: Settings
) -> None:
    body = lines(FIXTURE, changed(time="yesterday"), ODDS, changed(id=None))

    answer = await gateway.post("/v1/events", **sending(body))

    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "nothing was stored" in problem["detail"]
    assert [(wrong["event"], wrong["field"]) for wrong in problem["errors"]] == [
        (2, "time"),
        (4, "id"),
    ]
    assert entries(settings) == []


async def test_a_lenient_feed_has_its_good_events_stored(
    gateway: httpx.AsyncClient, settings: Settings
) -> None:
    body = lines(FIXTURE, changed(time="yesterday"), ODDS)

    answer = await gateway.post("/v1/events", **sending(body, Prefer="handling=lenient"))

    told = answer.json()
    assert answer.status_code == 200
    assert (told["stored"], told["refused"]) == (2, 1)
    assert [event["event"] for event in told["events"]] == [1, 3]
    assert told["errors"][0]["event"] == 2
    assert len(entries(settings)) == 2


@pytest.mark.parametrize(
    "token", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
async def test_nobody_publishes_without_a_token(
    gateway: httpx.AsyncClient, settings: Settings, token: str
) -> None:
    answer = await gateway.post("/v1/events", **sending(lines(FIXTURE), Authorization=token))

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert TOKEN not in answer.text
    assert entries(settings) == []


async def test_either_of_two_tokens_admits_while_one_replaces_the_other(
    redis_url: str, namespace: str
) -> None:
    both = Settings(redis_url=redis_url, namespace=namespace, token=f"{TOKEN} {TOKEN}-2")

    async with client_of(both) as gateway:
        codes = [
            (
                await gateway.post("/v1/events", **sending(lines(FIXTURE), Authorization=said))
            ).status_code
            for said in (f"Bearer {TOKEN}", f"bearer {TOKEN}-2")
        ]

    assert codes == [200, 200]
    assert TOKEN not in repr(both)


@pytest.mark.parametrize("token", ["", "short", f"{TOKEN} short"])
def test_tokens_that_could_be_guessed_are_refused(token: str) -> None:
    with pytest.raises(SettingsError, match="16 characters or more"):
        Settings(redis_url="redis://", token=token)


@pytest.mark.parametrize(
    ("request_", "status", "words"),
    [
        (sending(b"{}", "text/plain"), 415, "application/x-ndjson"),
        (sending(b"{}", Content_Encoding="gzip"), 415, "not compressed"),
        (sending(b"[1,"[:2], BATCH), 400, "no JSON array"),
        (sending(b"\n\n"), 400, "holds no event"),
        (sending(b"[]", BATCH), 400, "holds no event"),
    ],
)
async def test_a_body_that_is_none_of_ours_is_refused_in_words(
    gateway: httpx.AsyncClient, request_: dict[str, Any], status: int, words: str
) -> None:
    answer = await gateway.post("/v1/events", **request_)

    assert answer.status_code == status
    assert words in answer.json()["detail"]


async def test_other_paths_and_methods_say_where_to_go(gateway: httpx.AsyncClient) -> None:
    there, get = await gateway.get("/v1/predictions"), await gateway.get("/v1/events")

    assert (there.status_code, get.status_code) == (404, 405)
    assert "/v1/events" in there.json()["detail"]
    assert get.headers["allow"] == "POST"


async def test_a_long_body_is_refused_whether_it_says_its_length_or_not(
    redis_url: str, namespace: str
) -> None:
    small = Settings(redis_url=redis_url, namespace=namespace, token=TOKEN, body_bytes=1000)

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 100

    async with client_of(small) as gateway:
        said = await gateway.post("/v1/events", **sending(b" " * 1001))
        dripped = await gateway.post("/v1/events", **{**sending(b""), "content": drip()})

    assert (said.status_code, dripped.status_code) == (413, 413)


async def test_a_full_partition_holds_a_feed_back_and_says_what_is_stored(
    redis_url: str, namespace: str
) -> None:
    tight = Settings(redis_url=redis_url, namespace=namespace, token=TOKEN, partitions=2, max_lag=1)
    other = {**FIXTURE, "partitionkey": "sim", "id": "s"}
    other["data"] = {**FIXTURE["data"], "competition": "sim"}

    async with client_of(tight) as gateway:
        await gateway.post("/v1/events", **sending(lines(FIXTURE, ODDS)))
        held = await gateway.post("/v1/events", **sending(lines(other, changed(id="3"))))
        with redis.Redis.from_url(redis_url) as client:
            client.hset(cursor(namespace, 0, "forecast"), "count", 2)
        again = await gateway.post("/v1/events", **sending(lines(other, changed(id="3"))))

    assert held.status_code == 429
    assert int(held.headers["retry-after"]) >= 1
    assert [event["id"] for event in held.json()["events"]] == ["s"]
    assert "1 of 2 events are stored" in held.json()["detail"]
    assert again.status_code == 200
    assert again.json()["events"][0]["position"] == held.json()["events"][0]["position"]
    assert len(entries(tight, 0)) == 3
    assert len(entries(tight, 1)) == 1


async def test_a_redis_that_is_away_is_answered_with_when_to_come_again() -> None:
    with tempfile.TemporaryDirectory(prefix="gw-", dir="/tmp") as folder:
        server = Server(Path(folder))
        server.start()
        away = Settings(redis_url=server.url, token=TOKEN, redis_timeout_s=0.0)
        try:
            async with client_of(away) as gateway:
                before = await gateway.post("/v1/events", **sending(lines(FIXTURE)))
                server.kill()
                during = await gateway.post("/v1/events", **sending(lines(FIXTURE)))
                server.start()
                after = await gateway.post("/v1/events", **sending(lines(FIXTURE)))
        finally:
            server.kill()

    assert [before.status_code, during.status_code, after.status_code] == [200, 503, 200]
    assert "retry-after" in during.headers
    assert "sock" not in during.text
    assert after.json()["events"] == before.json()["events"]


async def test_the_gateway_counts_what_it_stored_and_refused(gateway: httpx.AsyncClient) -> None:
    await gateway.post("/v1/events", **sending(lines(FIXTURE, ODDS)))
    await gateway.post("/v1/events", **sending(lines(FIXTURE, changed(id=None))))

    figures = (await gateway.get("/metrics")).text

    assert 'sabiscore_gateway_events_total{result="stored"} 2.0' in figures
    assert 'sabiscore_gateway_events_total{result="refused"} 1.0' in figures
