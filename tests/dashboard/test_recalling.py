"""A server that starts while Redis is away serves what Postgres recorded, and says so."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from dashboard.app import create_app
from dashboard.follower import Follower
from dashboard.serve import _check_sources
from dashboard.settings import Settings
from schemas.errors import ServerError
from tests.dashboard.rows import record

MATCH_ID = "e0-2024-25-arsenal-chelsea-1"
OTHER_ID = "e0-2024-25-everton-fulham-1"
NOWHERE = "redis://127.0.0.1:1/0"


async def test_what_was_recorded_is_served_with_its_age_until_redis_is_there(
    valkey: Any, forecast: Any, until: Any, postgres_url: str, namespace: str
) -> None:
    bodies = [forecast(revision=revision) for revision in (1, 2, 10)]
    an_hour_ago_ms = int((time.time() - 3_600) * 1_000)
    record(postgres_url, namespace, *bodies, forecast(OTHER_ID), stored_ms=an_hour_ago_ms)
    record(postgres_url, "another-run", forecast(revision=99))
    valkey.stop()
    app = create_app(Settings(redis_url=valkey.url, namespace=namespace, database_url=postgres_url))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://reads") as client,
    ):

        async def is_ready() -> bool:
            return (await client.get("/readyz")).status_code == 200

        await until(is_ready)
        away = await client.get(f"/v1/predictions/{MATCH_ID}")
        listed = (await client.get("/v1/predictions")).json()
        valkey.start()
        valkey.commit(forecast(revision=11), forecast(OTHER_ID, revision=2), namespace=namespace)

        async def is_followed() -> bool:
            answer = await client.get(f"/v1/predictions/{MATCH_ID}")
            return answer.headers["sabi-freshness"] == "following"

        await until(is_followed)
        back = await client.get(f"/v1/predictions/{MATCH_ID}")

    assert (away.content, away.headers["sabi-freshness"]) == (bodies[-1], "recorded")
    assert 3_600 <= int(away.headers["age"]) < 7_200
    assert listed["total"] == 2
    assert (back.headers["etag"], back.headers["age"]) == ('"1-11"', "0")


async def test_without_redis_and_without_postgres_nothing_is_ready() -> None:
    app = create_app(
        Settings(redis_url=NOWHERE, database_url="postgresql://nobody@127.0.0.1:1/none")
    )
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://reads") as client,
    ):
        await asyncio.sleep(0.2)
        answer = await client.get("/readyz")

    assert (answer.status_code, answer.json()["freshness"]) == (503, "filling")


async def test_it_starts_while_one_of_both_answers(postgres_url: str) -> None:
    await _check_sources(Settings(redis_url=NOWHERE, database_url=postgres_url))

    for database_url in (None, "postgresql://nobody@127.0.0.1:1/none"):
        with pytest.raises(ServerError, match=r"127\.0\.0\.1:1/0 does not answer"):
            await _check_sources(Settings(redis_url=NOWHERE, database_url=database_url))


async def test_a_task_that_ends_is_begun_again_and_counted(
    valkey: Any, forecast: Any, served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow = Follower.run
    failures: list[int] = []

    async def failing_once(self: Follower) -> None:
        if not failures:
            failures.append(1)
            raise RuntimeError("as if it had a fault")
        await follow(self)

    monkeypatch.setattr(Follower, "run", failing_once)
    valkey.commit(forecast())
    async with served() as client:
        answer = await client.get(f"/v1/predictions/{MATCH_ID}")
        metrics = (await client.get("/metrics")).text

    assert answer.headers["sabi-freshness"] == "following"
    assert 'sabiscore_reads_tasks_restarted_total{task="mirror"} 1.0' in metrics
