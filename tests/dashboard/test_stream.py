"""The stream of changes: who is told what, and who is dropped."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from tests.dashboard.bodies import MATCH_ID
from tests.dashboard.reading import shows


async def events(lines: Any, name: str, count: int) -> list[dict[str, Any]]:
    """The next *count* events of a name: their data, and their id as ``_id``."""
    found: list[dict[str, Any]] = []
    event: dict[str, str] = {}
    async for line in lines:
        field, _, value = line.partition(": ")
        event[field] = value
        if line == "":
            if event.get("event") == name:
                found.append(json.loads(event["data"]) | {"_id": event.get("id", "")})
            event = {}
        if len(found) == count:
            return found
    raise AssertionError(f"the stream ended after {len(found)} of {count}")


async def test_the_stream_tells_of_changes_that_were_asked_for(
    valkey: Any, forecast: Any, served: Any
) -> None:
    async with (
        served() as client,
        client.stream("GET", "/v1/stream", params={"competition": "e0"}) as stream,
    ):
        lines = stream.aiter_lines()
        await events(lines, "heartbeat", 1)
        valkey.commit(forecast("d1-2024-25-koln-mainz-1"), forecast(revision=2))

        (told,) = await events(lines, "forecast", 1)

    assert (told["match_id"], told["revision"]) == (MATCH_ID, 2)
    assert stream.headers["content-type"].startswith("text/event-stream")


async def test_a_client_that_comes_back_is_told_what_it_missed(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    valkey.commit(forecast(revision=1))
    async with served() as client:
        position = (await client.get("/v1/predictions")).headers["sabi-position"]
        valkey.commit(forecast(revision=2))
        valkey.commit(forecast(revision=3))
        await until(shows(client, '"1-3"'))

        headers = {"Last-Event-ID": position}
        async with client.stream("GET", "/v1/stream", headers=headers) as stream:
            (told,) = await events(stream.aiter_lines(), "forecast", 1)

    assert told["revision"] == 3
    assert told["_id"] > position


async def test_a_client_of_another_server_is_told_to_read_again(served: Any) -> None:
    async with (
        served() as client,
        client.stream("GET", "/v1/stream?since=deadbeef-4") as stream,
    ):
        (resync,) = await events(stream.aiter_lines(), "resync", 1)

    assert resync["_id"]


async def test_the_stream_says_that_it_is_there_and_how_fresh(served: Any) -> None:
    async with served(heartbeat_s=0.02) as client, client.stream("GET", "/v1/stream") as stream:
        beats = await events(stream.aiter_lines(), "heartbeat", 3)

    assert {beat["freshness"] for beat in beats} == {"following"}


async def test_more_clients_than_the_server_takes_are_asked_to_come_later(served: Any) -> None:
    async with (
        served(stream_clients=1) as client,
        client.stream("GET", "/v1/stream") as stream,
    ):
        await events(stream.aiter_lines(), "heartbeat", 1)
        refused = await client.get("/v1/stream")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")


async def test_a_client_that_left_makes_room(served: Any, until: Any) -> None:
    async with served() as client:
        async with client.stream("GET", "/v1/stream") as stream:
            await events(stream.aiter_lines(), "heartbeat", 1)

        async def nobody_is_left() -> bool:
            return "sabiscore_stream_clients 0.0" in (await client.get("/metrics")).text

        await until(nobody_is_left)


async def test_several_matches_are_followed_by_one_client(
    valkey: Any, forecast: Any, served: Any
) -> None:
    ids = [f"e0-2024-25-home{n}-away-1" for n in range(4)]
    params = {"match": [f"{ids[0]},{ids[1]}", ids[2]]}
    async with served() as client, client.stream("GET", "/v1/stream", params=params) as stream:
        lines = stream.aiter_lines()
        await events(lines, "heartbeat", 1)
        valkey.commit(*[forecast(match_id) for match_id in reversed(ids)])

        told = await events(lines, "forecast", 3)

    assert [match["match_id"] for match in told] == [ids[2], ids[1], ids[0]]


@pytest.mark.parametrize("match", ["E0*", "a,,B", ",".join(["a"] * 101)])
async def test_matches_that_cannot_be_read_are_named(served: Any, match: str) -> None:
    async with served() as client:
        answer = await client.get("/v1/stream", params={"match": match})

    assert (answer.status_code, answer.json()["field"]) == (422, "match")


async def test_more_clients_of_one_address_than_may_are_refused(served: Any) -> None:
    async with (
        served(stream_clients_per_address=1) as client,
        client.stream("GET", "/v1/stream") as stream,
    ):
        await events(stream.aiter_lines(), "heartbeat", 1)
        refused = await client.get("/v1/stream")

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")


async def test_a_client_that_takes_nothing_is_dropped_and_others_hear_on(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    bodies = [forecast(f"e0-2024-25-home{n}-away-1") for n in range(2_000)]
    newest = [
        forecast(f"e0-2024-25-home{n}-away-1", revision=revision)
        for revision in (2, 3)
        for n in range(2_000)
    ]
    valkey.commit(*bodies)
    async with served(send_timeout_s=0.5, heartbeat_s=0.1, flush_s=0.01) as client:
        address = (client.base_url.host, client.base_url.port)
        stuck = socket.socket()
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        with stuck:
            stuck.connect(address)
            stuck.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: reads\r\n\r\n")

            async with client.stream("GET", "/v1/stream?match=e0-2024-25-home7-away-1") as stream:
                lines = stream.aiter_lines()
                await events(lines, "heartbeat", 1)
                # Some megabytes, which fill every buffer between us and the stuck one.
                for start in range(0, len(newest), 1_000):
                    valkey.commit(*newest[start : start + 1_000])

                async def only_one_is_left() -> bool:
                    return "sabiscore_stream_clients 1.0" in (await client.get("/metrics")).text

                await until(only_one_is_left)
                valkey.commit(forecast("e0-2024-25-home7-away-1", revision=9))
                while (await events(lines, "forecast", 1))[0]["revision"] != 9:
                    pass
