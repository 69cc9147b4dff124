"""How long a promotion takes by the command line, and whether a read is missed meanwhile.

1,000 open matches in 8 pools, one forecaster, real servers. A reader asks for every forecast over
and over. The store holds the shipped model twice, under two names, so that every gate but those of
time passes alike. Measured from the start of `models promote`, and from its first event.

    python -m benchmarks.promotion
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import redis

from benchmarks import mix
from benchmarks.report import machine
from benchmarks.stage import NotDoneError, Stage, staged
from commands.settings import settings_from
from model_store import CHAMPION, ModelStore
from model_store.manifest import MANIFEST, decode_manifest, encode_manifest
from schemas.keys import EVENTS, prediction_prefix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.settings import Settings

_PATIENCE_S = 120.0
_PAUSE_S = 0.05


class Taken(msgspec.Struct, frozen=True):
    """Seconds of one promotion or rollback, and what the reader saw in the meantime."""

    command_s: float
    until_all_from_start_s: float
    until_all_from_event_s: float
    reads: int
    missed: int


class Reader(threading.Thread):
    """Asks for every forecast over and over; knows when all were last made by one model."""

    def __init__(self, settings: Settings, keys: Sequence[bytes]) -> None:
        super().__init__(daemon=True)
        self._address, self._keys = str(settings.redis), keys
        self._over = threading.Event()
        self.reads = self.missed = 0
        self.models: set[str] = set()
        self.seen_s = 0.0

    def run(self) -> None:
        """Read until told to stop."""
        with redis.Redis.from_url(self._address) as client:
            while not self._over.is_set():
                bodies = client.mget(self._keys)
                self.reads += len(bodies)
                self.missed += sum(body is None for body in bodies)
                self.seen_s = time.monotonic()
                self.models = {msgspec.json.decode(body)["model"] for body in bodies if body}
                # Two cores: a reader that never rests would be what is measured.
                time.sleep(_PAUSE_S)

    def stop(self) -> None:
        """End it and wait for its last read."""
        self._over.set()
        self.join()

    def wait_for(self, label: str) -> float:
        """The instant at which every forecast was first seen to be by *label*."""
        give_up_s = time.monotonic() + _PATIENCE_S
        while self.models != {label}:
            if time.monotonic() > give_up_s:
                raise TimeoutError(f"not every forecast was by {label} within {_PATIENCE_S:.0f} s")
            time.sleep(0.001)
        return self.seen_s


def run(rounds: int, store: Path) -> list[Taken]:
    """Promote and roll back in turns."""
    models = ModelStore(store)
    first = models.resolve(CHAMPION)
    settings = settings_from(models=store, partitions=len(mix.POOLS), forecasters=1)
    with staged("sabiscore", settings) as stage:
        for partition, items in stage.items(mix.before(seed=1, model=first)).items():
            stage.publisher.publish(partition, items)
        stage.drained()
        prefix = prediction_prefix(stage.settings.namespace)
        with redis.Redis.from_url(str(stage.settings.redis)) as client:
            # What is over keeps the model that forecast it.
            open_ids = [one.match_id for one in mix.fixtures()]
            keys = [f"{prefix}{match_id}".encode() for match_id in open_ids]
            if client.exists(*keys) != len(keys):
                raise NotDoneError("a match has no forecast before the first promotion")
        found = []
        for _ in range(rounds):
            found.append(_timed(stage, keys, "twin@1", "promote", "twin@1", "--force"))
            found.append(_timed(stage, keys, first, "rollback"))
    return found


def _timed(stage: Stage, keys: list[bytes], label: str, *words: str) -> Taken:
    settings, reader = stage.settings, Reader(stage.settings, keys)
    before = stage.entries(EVENTS)
    event_s: list[float] = []
    watch = threading.Thread(target=_first_event, args=(stage, before, event_s), daemon=True)
    reader.start()
    watch.start()
    began_s = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "sabiscore", "models", *words],
        env={**os.environ, **settings.environment()},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    command_s = time.monotonic() - began_s
    ended_s = reader.wait_for(label)
    watch.join()
    reader.stop()
    from_event_s = ended_s - event_s[0]
    return Taken(command_s, ended_s - began_s, from_event_s, reader.reads, reader.missed)


def _first_event(stage: Stage, before: int, found: list[float]) -> None:
    while stage.entries(EVENTS) == before:
        time.sleep(0.001)
    found.append(time.monotonic())


def _two_models(directory: Path) -> None:
    """The shipped champion under its own name and as a twin."""
    shipped = settings_from().models
    label = ModelStore(shipped).resolve(CHAMPION)
    name, _, version = label.partition("@")
    shutil.copytree(shipped / name / version, directory / name / version)
    twin = shutil.copytree(shipped / name / version, directory / "twin" / "1")
    manifest = decode_manifest((twin / MANIFEST).read_bytes(), label)
    renamed = msgspec.structs.replace(manifest, name="twin", version=1)
    (twin / MANIFEST).write_bytes(encode_manifest(renamed))
    ModelStore(directory).set_alias(CHAMPION, label)


def main() -> None:
    """Measure, and print one line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="promotions, each with its way back")
    rounds = parser.parse_args().rounds
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="sabi-promotion-") as directory:
        _two_models(Path(directory))
        found = run(rounds, Path(directory))
    print(f"{machine()}; load average before: {load:.1f}")
    for name in ("command_s", "until_all_from_start_s", "until_all_from_event_s"):
        values = [getattr(one, name) for one in found]
        print(f"{name}: median {statistics.median(values):.2f}, most {max(values):.2f}")
    print(f"reads {sum(one.reads for one in found):,}, missed {sum(one.missed for one in found)}")


if __name__ == "__main__":
    main()
