"""A promotion and the way back take hold at the next events, and no read is missed meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import redis

from agents import forecast
from commands.play import publisher_for
from model_store import CHAMPION, FORMER, ModelStore
from model_store.manifest import decode_manifest, encode_manifest
from producers.publish import promote, publish, roll_back
from schemas.forecast import decode_forecast
from schemas.keys import prediction_prefix
from tests.e2e.system import Workers, three_pools, workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from schemas.events import AnyEvent


@pytest.fixture
def group(
    redis_url: str, postgres_url: str, namespace: str, tmp_path: Path
) -> Iterator[tuple[Workers, str, str]]:
    """Workers whose store holds the shipped model under two names."""
    with workers(redis_url, postgres_url, namespace) as found:
        shipped = ModelStore(found.settings.models)
        label = shipped.resolve(CHAMPION)
        name, _, version = label.partition("@")
        shutil.copytree(found.settings.models / name / version, tmp_path / name / version)
        _twin(found.settings.models / name / version, tmp_path / "twin" / "1")
        (tmp_path / "aliases.json").write_bytes(msgspec.json.encode({CHAMPION: label}))
        found.settings.models = tmp_path
        yield found, label, "twin@1"


def _twin(source: Path, folder: Path) -> None:
    shutil.copytree(source, folder)
    raw = (source / "manifest.json").read_bytes()
    manifest = decode_manifest(raw, f"{source.parent.name}@{source.name}")
    twin = msgspec.structs.replace(manifest, name="twin", version=1)
    (folder / "manifest.json").write_bytes(encode_manifest(twin))


def read(client: redis.Redis, prefix: str) -> dict[Any, Any]:
    """Every cached forecast of a match that is not over, and no match may be without."""
    keys = sorted(client.scan_iter(match=f"{prefix}*", count=1000))
    made = {}
    for key in keys:
        body = client.get(key)
        assert isinstance(body, bytes)
        made[key] = decode_forecast(body)
    return {key: one for key, one in made.items() if one.quality.value != "final"}


def tell(group: Workers, events: list[AnyEvent]) -> None:
    publisher = publisher_for(group.settings)
    for _ in publish(events, publisher):
        pass
    publisher.close()
    group.drained(forecast.APP)


def test_every_open_match_is_forecast_by_the_promoted_model_and_by_the_former_after_going_back(
    group: tuple[Workers, str, str],
) -> None:
    told, first, second = group
    events = three_pools(events_each=200)
    prefix = prediction_prefix(told.settings.namespace)
    publisher = publisher_for(told.settings)
    count, at = told.settings.partitions, events[-1].time
    promote(publisher, count, first, events[0].time)
    told.start(forecast.APP)
    tell(told, events)

    with redis.Redis.from_url(str(told.settings.redis)) as client:
        before = read(client, prefix)
        promote(publisher, count, second, at)
        told.drained(forecast.APP)
        promoted = read(client, prefix)
        roll_back(publisher, count, first, at)
        told.drained(forecast.APP)
        back = read(client, prefix)
    publisher.close()

    assert len(before) > 20
    assert before.keys() == promoted.keys() == back.keys()
    assert {one.model for one in before.values()} == {first}
    assert {one.model for one in promoted.values()} == {second}
    assert {one.model for one in back.values()} == {first}
    assert all(back[key].revision == before[key].revision + 2 for key in before)
    assert all(back[key].home == before[key].home for key in before)


class Reader(threading.Thread):
    """Asks for the forecasts of these keys over and over, as dashboards do."""

    def __init__(self, address: str, keys: list[bytes]) -> None:
        super().__init__(daemon=True)
        self._address, self._keys, self._over = address, keys, threading.Event()
        self.rounds = self.missed = 0
        self.seen: set[str] = set()

    def run(self) -> None:
        with redis.Redis.from_url(self._address) as client:
            while not self._over.wait(0.005):
                bodies = client.mget(self._keys)
                self.rounds += 1
                self.missed += sum(body is None for body in bodies)
                self.seen |= {decode_forecast(body).model for body in bodies if body is not None}

    def stop(self) -> None:
        self._over.set()
        self.join()


def by_command_line(told: Workers) -> Callable[..., str]:
    """Run ``sabiscore models`` on the running system; give what it says."""

    def models(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "sabiscore", "models", *words],
            env={**os.environ, **told.settings.environment()},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return models


def test_promoted_and_rolled_back_by_command_while_all_is_read_no_read_is_missed(
    group: tuple[Workers, str, str], tmp_path: Path
) -> None:
    told, first, second = group
    events = three_pools(events_each=200)
    publisher = publisher_for(told.settings)
    promote(publisher, told.settings.partitions, first, events[0].time)
    publisher.close()
    told.start(forecast.APP)
    tell(told, events)
    models, prefix = by_command_line(told), prediction_prefix(told.settings.namespace)
    with redis.Redis.from_url(str(told.settings.redis)) as client:
        reader = Reader(str(told.settings.redis), list(read(client, prefix)))
        reader.start()

        # How fast a model is, is not asked of a machine that runs tests.
        said = models("promote", second, "--force")
        told.drained(forecast.APP)
        promoted = {one.model for one in read(client, prefix).values()}
        said += models("rollback", "--reason", "worse")
        told.drained(forecast.APP)
        back = {one.model for one in read(client, prefix).values()}
    reader.stop()

    assert said == f"{second} forecasts from here on.\n{first} forecasts again from here on.\n"
    assert (promoted, back) == ({second}, {first})
    assert reader.seen == {first, second}
    assert reader.rounds > 10
    assert reader.missed == 0
    assert ModelStore(tmp_path).aliases() == {CHAMPION: first, FORMER: second}


def test_a_damaged_model_is_not_taken_and_the_one_before_goes_on(
    group: tuple[Workers, str, str], tmp_path: Path
) -> None:
    told, first, second = group
    trees = tmp_path / "twin" / "1" / "trees.onnx"
    raw = bytearray(trees.read_bytes())
    raw[1000] ^= 4
    trees.write_bytes(raw)
    events = three_pools(events_each=200)
    prefix = prediction_prefix(told.settings.namespace)
    publisher = publisher_for(told.settings)
    promote(publisher, told.settings.partitions, first, events[0].time)
    told.start(forecast.APP)
    tell(told, events[:300])

    promote(publisher, told.settings.partitions, second, events[300].time)
    tell(told, events[300:])

    publisher.close()
    with redis.Redis.from_url(str(told.settings.redis)) as client:
        made = read(client, prefix)
        dead = [
            client.xrange(f"{told.settings.namespace}:{{{partition}}}:dead")
            for partition in range(told.settings.partitions)
        ]
    assert {one.model for one in made.values()} == {first}
    assert [entries[0][1][b"error"] for entries in dead] == [b"model"] * len(dead)
    assert all(b"trees.onnx" in entries[0][1][b"reason"] for entries in dead)
