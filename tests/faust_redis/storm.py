"""Everything that can go wrong, drawn from a seed, around four workers that count words."""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

import faust_redis
from tests.faust_redis.program import Program, entries, holders, table
from tests.faust_redis.proxy import Proxy
from tests.faust_redis.servers import Server, wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS = [f"w{number}" for number in range(40)]
PARTITIONS = 8
LEASE_S = 1.0
STANDSTILL_S = 60
FAULTS = ("kill", "stop", "lose", "cut", "redis", "all")
MUTANTS = {
    "no_fencing": ["stop", "stop"],
    "position_before_state": ["all", "all"],
    "state_before_position": ["all", "all"],
    "blind_retry": ["lose", "lose"],
    "no_reload": ["stop", "lose", "stop"],
}
"""Transports that take a shortcut, and the faults that tell."""


class Storm:
    """A server, a proxy, workers behind it, and what the table must hold in the end."""

    def __init__(self, seed: int, program: str = "word_count", binary: str = "") -> None:
        self._random = random.Random(seed)
        self._folder = tempfile.TemporaryDirectory(prefix="fs-", dir="/tmp")
        folder = Path(self._folder.name)
        self.server = Server(folder, binary)
        self.server.start("--appendfsync", "always")
        self._proxy = Proxy(folder / "p.sock", self.server.socket)
        self.program = Program(program, self.server.url_at(folder / "p.sock"), lease_s=LEASE_S)
        self.expected: Counter[str] = Counter()
        self._published = 0

    def run(self, faults: Sequence[str], workers: int = 4, lines: int = 300) -> None:
        """Publish before, between and after the faults."""
        with self._proxy:
            try:
                self.program.start(workers)
                with self.server.client() as client:
                    wait_until(lambda: self._shared(client, workers), 90)
                for fault in faults:
                    self._publish(lines)
                    time.sleep(self._random.uniform(0, 0.3))
                    self._apply(fault, lines)
                self._publish(lines)
                self._wait_committed()
            finally:
                self.program.__exit__()

    def _apply(self, fault: str, lines: int) -> None:
        alive = [worker for worker in self.program.workers if worker.poll() is None]
        victim = self._random.choice(alive)
        if fault == "kill":
            victim.kill()
            victim.wait()
            self.program.start()
        elif fault == "stop":
            victim.send_signal(signal.SIGSTOP)
            self._publish(lines)
            time.sleep(LEASE_S + 1.2)
            victim.send_signal(signal.SIGCONT)
        elif fault == "lose":
            self._proxy.lose_replies += 6
        elif fault == "cut":
            for _ in range(3):
                self._proxy.cut()
                time.sleep(0.1)
        elif fault == "redis":
            self.server.kill()
            time.sleep(0.3)
            self.server.start("--appendfsync", "always")
        elif fault == "all":
            for worker in alive:
                worker.kill()
                worker.wait()
            self.program.start(len(alive))

    def _publish(self, count: int) -> None:
        with faust_redis.Publisher(self.server.url, "p", "lines", max_lag=0) as publisher:
            for partition in range(PARTITIONS):
                items = []
                for _ in range(count // PARTITIONS):
                    line = self._random.choices(WORDS, k=5)
                    self.expected.update(line)
                    self._published += 1
                    items.append((b"%d" % self._published, f'"{" ".join(line)}"'.encode()))
                publisher.publish(partition, items)

    def _shared(self, client: redis.Redis, workers: int) -> bool:
        """True once every worker has its share; fails when one of them could not start."""
        if any(worker.poll() is not None for worker in self.program.workers):
            pytest.fail(f"a worker ended before the first fault: {self.program.said()[-500:]}")
        return len(holders(client, "words", PARTITIONS)) == workers

    def _wait_committed(self) -> None:
        """Return once every line and every word is committed; fail after a minute of standstill."""
        with self.server.client() as client:
            seen, deadline_s = _committed(client), time.monotonic() + STANDSTILL_S
            while not all(
                _done(client, topic, partition)
                for topic in ("lines", "words")
                for partition in range(PARTITIONS)
            ):
                if (now := _committed(client)) != seen:
                    seen, deadline_s = now, time.monotonic() + STANDSTILL_S
                elif time.monotonic() > deadline_s:
                    pytest.fail(self._where(client))
                time.sleep(0.05)

    def _where(self, client: redis.Redis) -> str:
        """Who is alive, where every cursor and stream stands, and what the workers said."""
        codes = [worker.poll() for worker in self.program.workers]
        lines = [f"nothing was committed for a minute; the workers' exit codes are {codes}"]
        for partition in range(PARTITIONS):
            cursor = client.hgetall(f"p:{{{partition}}}:cursor:words")
            ends = [
                f"{topic} ends at {_end(client, topic, partition)!r}"
                for topic in ("lines", "words")
            ]
            lines.append(f"partition {partition}: {'; '.join(ends)}; cursor {cursor}")
        lines += [str(one) for one in client.client_list()]
        lines.append(self.program.said())
        return "\n".join(lines)

    def set_aside(self) -> list[dict[bytes, bytes]]:
        """The dead letters; none of these records deserves one."""
        with self.server.client() as client:
            return entries(client, "dead", PARTITIONS)

    def counted(self) -> Counter[str]:
        """What the table holds."""
        with self.server.client() as client:
            return table(client, "words-counts", PARTITIONS)

    def close(self) -> None:
        """Stop the server and clean up."""
        self.server.kill()
        self._folder.cleanup()


def _end(client: redis.Redis, topic: str, partition: int) -> bytes | None:
    """The newest entry's id; none when nothing was ever appended."""
    try:
        return bytes(client.xinfo_stream(f"p:{{{partition}}}:{topic}")["last-generated-id"])
    except redis.ResponseError:
        return None


def _done(client: redis.Redis, topic: str, partition: int) -> bool:
    last = _end(client, topic, partition)
    if last is None:
        return True
    return bool(client.hget(f"p:{{{partition}}}:cursor:words", f"position:{topic}") == last)


def _committed(client: redis.Redis) -> list[object]:
    """Where all cursors stand."""
    names = ("position:lines", "position:words")
    return [client.hmget(f"p:{{{number}}}:cursor:words", *names) for number in range(PARTITIONS)]


def outcome(seed: int, faults: Sequence[str], program: str = "word_count", workers: int = 4) -> str:
    """``exact`` when the table holds just what was published, else in words what it holds."""
    storm = Storm(seed, program)
    try:
        storm.run(faults, workers)
        counted = storm.counted()
        if counted == storm.expected:
            return "exact"
        letters = [(letter[b"reason"], letter[b"raw"]) for letter in storm.set_aside()]
        return f"counted {counted.total()} of {storm.expected.total()} words; set aside: {letters}"
    except pytest.fail.Exception as error:
        # What is published and never committed is lost as well.
        return f"not committed: {error}"
    finally:
        storm.close()


def exact(seed: int, faults: Sequence[str], program: str = "word_count", workers: int = 4) -> bool:
    """True when the table holds exactly what was published, after all these faults."""
    return outcome(seed, faults, program, workers) == "exact"
