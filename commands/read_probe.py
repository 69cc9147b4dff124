"""A reader that polls while events are played: every read of a known match must be a hit."""

from __future__ import annotations

import http
import http.client
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable

LOOPBACK = "127.0.0.1"
INTERVAL_S = 0.005
LAST_LOOK = 200
"""So many of the newest matches are read once more at the end."""


@dataclass
class Reads:
    """What the reader saw."""

    total: int = 0
    hits: int = 0
    went_back: int = 0

    @property
    def hit_share(self) -> float:
        """Hits of all reads; not a number while there are none."""
        return self.hits / self.total if self.total else float("nan")


class ReadProbe:
    """Reads known matches over HTTP, one after another, in a thread of its own."""

    def __init__(self, port: int, host: str = LOOPBACK, seed: int = 0, token: str = "") -> None:
        self.reads = Reads()
        self._host, self._port = host, port
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._random = random.Random(seed)  # noqa: S311 - which match to read is no secret
        self._known: list[str] = []
        self._newest: dict[str, tuple[int, int]] = {}
        self._failure: Exception | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def know(self, match_id: str) -> None:
        """Read this match too from now on: its fixture is committed."""
        self._known.append(match_id)

    def known(self) -> list[str]:
        """The matches that are read."""
        return list(self._known)

    def is_reading(self) -> bool:
        """Whether nothing has ended the reading yet."""
        return self._thread.is_alive()

    def stop(self) -> Reads:
        """End the reading and return what was seen.

        Raises:
            ServerError: When the reads did not answer at all.
        """
        self._stopping.set()
        self._thread.join()
        if self._failure is not None and not self.reads.hits:
            msg = f"the reads on port {self._port} did not answer: {self._failure}"
            raise ServerError(msg) from self._failure
        return self.reads

    def _run(self) -> None:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=10)
        while not self._stopping.wait(INTERVAL_S):
            if self._known:
                self._try(connection, self._choose())
        for match_id in self._known[-LAST_LOOK:]:
            self._try(connection, match_id)
        connection.close()

    def _try(self, connection: http.client.HTTPConnection, match_id: str) -> None:
        """Read once; while the reads are started again there is no hit."""
        try:
            self._read(connection, match_id)
        except (OSError, http.client.HTTPException) as error:
            self.reads.total += 1
            self._failure = error
            connection.close()  # the next request opens it again

    def _choose(self) -> str:
        # Half of the reads go to the matches announced last: that is where a miss would be.
        known = len(self._known)
        first = max(0, known - 20) if self._random.random() < 0.5 else 0  # noqa: PLR2004 - as said
        return self._known[self._random.randrange(first, known)]

    def _read(self, connection: http.client.HTTPConnection, match_id: str) -> None:
        connection.request("GET", f"/v1/predictions/{match_id}", headers=self._headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status == http.HTTPStatus.TOO_MANY_REQUESTS:
            return  # the limit that was asked for; no read took place
        self.reads.total += 1
        if answer.status != http.HTTPStatus.OK:
            return
        self.reads.hits += 1
        epoch, _, revision = (answer.getheader("ETag") or "").strip('W/"').partition("-")
        version = int(epoch), int(revision)
        if version < self._newest.get(match_id, (0, 0)):
            self.reads.went_back += 1
        self._newest[match_id] = version


def wait_until_ready(
    port: int, check: Callable[[], None], host: str = LOOPBACK, timeout_s: float = 60.0
) -> None:
    """Return as soon as the reads on *port* say that they are ready.

    *check* is called while waiting, and may raise to give up.

    Raises:
        ServerError: When they do not within *timeout_s*.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        check()
        connection = http.client.HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    msg = f"the reads on port {port} were not ready within {timeout_s:.0f} s"
    raise ServerError(msg)
