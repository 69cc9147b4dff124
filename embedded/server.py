"""A server of our own: its folders, its lock, its start and its end."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from schemas.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from embedded.lifeline import Child

READY_S = 30.0
"""How long a server may take to answer: seconds on a busy machine are normal."""

_LOCK_S = 10.0
_TAIL_LINES = 8


@dataclass
class Server:
    """A running server; ends with the ``with`` block, and in any case with us."""

    name: str
    url: str
    socket_url: str
    """The same server by its unix socket: no network stack, about a third less time a call."""
    port: int
    password: str
    log: Path
    child: Child
    run_dir: Path

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.child.pid

    def stop(self) -> None:
        """End the server in good order; a second call does nothing."""
        self.child.stop()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def kill(self) -> None:
        """End the server as a crash would; what is in a data folder of yours stays."""
        self.child.kill()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def ready(self, answers: Callable[[], bool]) -> Self:
        """Return as soon as the server *answers*; end it when it does not.

        Raises:
            ServerError: When it ends first, or takes more than :data:`READY_S`; ends with its log.
        """
        try:
            self._wait_for(answers)
        except BaseException:
            self.stop()
            raise
        return self

    def _wait_for(self, answers: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_S
        while not answers():
            code = self.child.poll()
            if code is not None:
                message = f"{self.name} ended with code {code} before it answered. {tail(self.log)}"
                raise ServerError(message)
            if time.monotonic() > deadline:
                message = f"{self.name} did not answer within {READY_S:.0f} s. {tail(self.log)}"
                raise ServerError(message)
            time.sleep(0.01)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


@contextmanager
def run_folder(name: str) -> Iterator[Path]:
    """Make a folder for sockets and secrets, its path short enough for a socket (107 bytes).

    It is the server's from then on; when the block fails it goes.

    Raises:
        ServerError: When the system refuses a file or a program in the block.
    """
    short = Path("/tmp")  # noqa: S108 - mkdtemp makes it ours alone
    folder = Path(tempfile.mkdtemp(prefix="sabi-", dir=short if short.is_dir() else None))
    try:
        yield folder
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            message = f"{name} cannot be started: {error}."
            raise ServerError(message) from error
        raise


@contextmanager
def locked(folder: Path, name: str) -> Iterator[int]:
    """Yield a descriptor that locks *folder* for as long as any process holds it open.

    Handed to the server it outlives us, so that nobody starts a second one on the same files.

    Raises:
        ServerError: When another server has the folder.
    """
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, f"The folder {folder} is in use by another {name}; stop that one first.")
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, refusal: str) -> None:
    # The last process of a server that was killed may need a moment to notice.
    deadline = time.monotonic() + _LOCK_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise ServerError(refusal) from error
            time.sleep(0.05)
        else:
            return


def tail(log: Path) -> str:
    """Return the last lines of a log as a sentence for a message."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    if not lines:
        return "It wrote no log."
    return "\n    ".join(["The end of its log:", *lines[-_TAIL_LINES:]])
