"""Faust programs as processes of ``faust worker``, on one server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.faust_redis.servers import ROOT

if TYPE_CHECKING:
    from tests.faust_redis.servers import Valkey

PROGRAMS = Path(__file__).with_name("programs")


class Program:
    """A program of ``programs/`` and the workers that run it."""

    def __init__(self, name: str, url: str, *, lease_s: float = 2.0) -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory(prefix="fp-")
        self._env = {
            **os.environ,
            "BROKER": f"{url}&namespace=p&lease_s={lease_s}",
            "PYTHONPATH": f"{ROOT}:{PROGRAMS}",
        }
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, count: int = 1, url: str = "") -> None:
        """Start workers of it."""
        env = self._env
        if url:
            env = {**env, "BROKER": env["BROKER"].replace(env["BROKER"].partition("?")[0], url)}
        for _ in range(count):
            number = len(self.workers)
            with Path(self._folder.name, f"log{number}").open("wb") as log:
                self.workers.append(
                    subprocess.Popen(
                        [
                            sys.executable, "-m", "faust", "-A", self.name, "--datadir",
                            self._folder.name, "worker", "-l", "info", "--without-web",
                        ],
                        env=env,
                        cwd=self._folder.name,
                        stdout=log,
                        stderr=log,
                    )
                )  # fmt: skip

    def said(self) -> str:
        """What all workers have logged."""
        logs = sorted(Path(self._folder.name).glob("log*"))
        return "\n".join(log.read_text(errors="replace") for log in logs)

    def run(self, script: str) -> Any:
        """The JSON that a script of ``programs/`` prints."""
        done = subprocess.run(
            [sys.executable, str(PROGRAMS / script)],
            env=self._env,
            cwd=self._folder.name,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout.splitlines()[-1])

    def stop(self) -> list[int]:
        """Stop all workers politely; their exit codes."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        return [worker.wait(timeout=30) for worker in self.workers]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()
        self._folder.cleanup()


def table(valkey: Valkey, name: str, partitions: int) -> Counter[str]:
    """A table's fields over all partitions; a key that lies in two counts in both."""
    found: Counter[str] = Counter()
    for partition in range(partitions):
        for key, value in valkey.hgetall(f"p:{{{partition}}}:{name}").items():
            found[json.loads(key)] += json.loads(value)
    return found


def append(
    valkey: Valkey, topic: str, partition: int, value: object, **fields: str | bytes
) -> None:
    """Append a record as any client in any language may; ``h_x`` is the header ``x``."""
    words = {name.replace("h_", "h:"): word for name, word in fields.items()}
    words["e"] = json.dumps(value)
    valkey.xadd(f"p:{{{partition}}}:{topic}", words)


def entries(valkey: Valkey, topic: str, partitions: int) -> list[dict[bytes, bytes]]:
    """All entries of a topic."""
    return [
        fields
        for partition in range(partitions)
        for _, fields in valkey.xrange(f"p:{{{partition}}}:{topic}")
    ]


def holders(valkey: Valkey, app: str, partitions: int) -> Counter[bytes]:
    """How many partitions each worker holds."""
    owners = [valkey.hget(f"p:{{{n}}}:cursor:{app}", "owner") for n in range(partitions)]
    return Counter(owner for owner in owners if owner)
