"""``sabiscore gateway`` as feeds meet it: a process of its own, on a port."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import redis

import embedded.redis
from schemas.keys import EVENTS, stream
from tests.producers.test_feed_check import FIXTURE, ODDS

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = "a-token-for-the-tests"


def test_a_feed_posts_its_events_and_the_gateway_ends_politely(
    redis_url: str, namespace: str
) -> None:
    env = {
        **os.environ,
        "SABISCORE_REDIS": redis_url,
        "SABISCORE_NAMESPACE": namespace,
        "SABISCORE_GATEWAY_TOKEN": TOKEN,
        "COLUMNS": "200",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "sabiscore", "gateway", "--port", "0"],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as gateway:
        assert gateway.stdout is not None
        address = gateway.stdout.readline().split()[-1]
        answer = httpx.post(
            address,
            content=json.dumps([FIXTURE, ODDS]),
            headers={
                "Authorization": f"Bearer {TOKEN}",
                "Content-Type": "application/cloudevents-batch+json",
            },
            timeout=20,
        )
        gateway.send_signal(signal.SIGTERM)
        _, said = gateway.communicate(timeout=20)

    with redis.Redis.from_url(redis_url) as client:
        positions = [at.decode() for at, _ in client.xrange(stream(namespace, 0, EVENTS))]
    assert answer.status_code == 200, answer.text
    assert [event["position"] for event in answer.json()["events"]] == positions
    assert (gateway.returncode, said) == (0, "")


def test_a_gateway_without_a_token_does_not_start(
    sabiscore: Callable[..., subprocess.CompletedProcess[str]], redis_url: str
) -> None:
    done = sabiscore("gateway", "--redis", redis_url, SABISCORE_GATEWAY_TOKEN="")

    assert done.returncode == 1
    assert "set SABISCORE_GATEWAY_TOKEN" in done.stderr


def test_a_gateway_with_another_number_of_partitions_does_not_start(
    sabiscore: Callable[..., subprocess.CompletedProcess[str]], redis_url: str, namespace: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set(f"{namespace}:partitions", 16)

    done = sabiscore(
        *("gateway", "--redis", redis_url, "--namespace", namespace, "--port", "0"),
        SABISCORE_GATEWAY_TOKEN=TOKEN,
    )

    assert done.returncode == 1
    assert "has 16 partitions on record, not 8" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_a_gateway_to_a_redis_that_would_evict_events_does_not_start(
    sabiscore: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    with embedded.redis.start() as server, redis.Redis.from_url(server.url) as client:
        client.config_set("maxmemory", "1gb")
        client.config_set("maxmemory-policy", "allkeys-lru")

        done = sabiscore(
            *("gateway", "--redis", server.url, "--port", "0"), SABISCORE_GATEWAY_TOKEN=TOKEN
        )

    assert done.returncode == 1
    assert "set maxmemory-policy noeviction" in done.stderr
    assert len(done.stderr.splitlines()) == 1
