"""A polling reader through a whole season, a promotion, a worker's death and a Redis restart."""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import redis

from commands.play import Announcements, publisher_for
from commands.read_probe import ReadProbe
from model_store.manifest import MANIFEST, decode_manifest, encode_manifest
from producers import simulate
from producers.publish import promote, publish
from schemas.forecast import decode_forecast
from schemas.keys import prediction
from tests.dashboard.valkey import Valkey, started
from tests.e2e.system import Workers, served_reads, workers

if TYPE_CHECKING:
    from collections.abc import Iterator

SHIPPED = Path(__file__).parents[2] / "model_store" / "shipped"
AGENTS = ("forecast", "record")


@pytest.fixture
def own_redis() -> Iterator[Valkey]:
    with started() as server:
        yield server


@pytest.fixture
def two_models(tmp_path: Path) -> Path:
    """The shipped version, and the same under the next number."""
    for version in (1, 2):
        shutil.copytree(SHIPPED / "default" / "1", tmp_path / "default" / str(version))
    shutil.copy(SHIPPED / "aliases.json", tmp_path)
    path = tmp_path / "default" / "2" / MANIFEST
    first = decode_manifest(path.read_bytes(), "default@1")
    path.write_bytes(encode_manifest(msgspec.structs.replace(first, version=2)))
    return tmp_path


@pytest.fixture
def group(
    own_redis: Valkey, postgres_url: str, namespace: str, two_models: Path
) -> Iterator[Workers]:
    with workers(own_redis.url, postgres_url, namespace) as found:
        found.settings = found.settings.model_copy(update={"models": two_models})
        yield found


@pytest.fixture
def port(group: Workers) -> Iterator[int]:
    with served_reads(group) as number:
        yield number


def ask(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        body: bytes = answer.read()
        return body


def wait_for(port: int, field: str, value: object) -> None:
    while json.loads(ask(port, "/readyz"))[field] != value:
        time.sleep(0.02)


def restart(server: Valkey, port: int, probe: ReadProbe) -> None:
    """Take Redis away until the reads notice and have been read from memory, and bring it back."""
    for match_id in probe.known():
        # A commit of this very millisecond may be in Redis alone as yet.
        ask(port, f"/v1/predictions/{match_id}")
    server.stop()
    wait_for(port, "freshness", "stopped")
    read_before = probe.reads.total
    while probe.reads.total < read_before + 100:
        assert probe.is_reading()
        time.sleep(0.02)
    server.start()
    wait_for(port, "freshness", "following")


def test_a_reader_through_a_season_sees_no_miss_nothing_going_back_and_no_error(
    group: Workers, port: int, own_redis: Valkey
) -> None:
    season = list(simulate.league(1, seasons=1).events())
    matches = sorted({event.subject for event in season if event.subject})
    partitions, quarter = group.settings.partitions, len(season) // 4
    publisher = publisher_for(group.settings)
    probe = ReadProbe(port)
    announcements = Announcements(publisher, probe)
    group.start(*AGENTS)

    promote(publisher, partitions, "default@1", season[0].time)
    for part in range(4):
        for acknowledgement in publish(season[part * quarter : (part + 1) * quarter], publisher):
            announcements.add(acknowledgement)
        # In the middle of the work: half of this part is not forecast yet.
        group.committed_some("forecast", part * quarter + quarter // 2)
        announcements.look()
        if part == 0:
            promote(publisher, partitions, "default@2", season[quarter].time)
        elif part == 1:
            group.kill("forecast")
            group.start("forecast")
        elif part == 2:
            restart(own_redis, port, probe)
    for acknowledgement in publish(season[4 * quarter :], publisher):
        announcements.add(acknowledgement)
    group.drained(*AGENTS)
    announcements.look()
    while probe.reads.total < 1_000:
        group.check()
        assert probe.is_reading()
        time.sleep(0.02)
    reads = probe.stop()
    publisher.close()

    assert reads.hits == reads.total
    assert reads.went_back == 0
    with redis.Redis.from_url(own_redis.url) as client:
        keys = [client.get(prediction(group.settings.namespace, match)) for match in matches]
    served = [ask(port, f"/v1/predictions/{match}") for match in matches]
    assert served == keys
    assert {decode_forecast(body).model for body in served} == {"default@1", "default@2"}
    assert len(matches) == 380
