"""Child processes that end when we end, however we end.

Each child gets a watchdog of a few lines of shell that reads from a pipe which only we hold open.
When we die, by ``kill -9`` too, the kernel closes the pipe: the watchdog then stops the child and
removes its folders. (``PR_SET_PDEATHSIG`` would do on Linux alone, and fires when the *thread* ends
that started the child.) A fork of ours that does not exec keeps the pipe open, so do not fork.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# $1 process group, $2 signal, $3 tenths of a second to give it, then the folders to remove.
# A line on the pipe means that the child has ended in good order; its end, that we are dead.
_WATCHDOG = """
read -r _ && exit 0
kill -s "$2" -- "-$1" 2>/dev/null
tenths=0
while kill -0 "$1" 2>/dev/null && [ "$tenths" -lt "$3" ]; do
    sleep 0.1
    tenths=$((tenths + 1))
done
kill -s KILL -- "-$1" 2>/dev/null
shift 3
[ "$#" -eq 0 ] || rm -rf -- "$@"
"""


@dataclass
class Child:
    """A process of ours, leader of its own group so that Ctrl-C reaches us alone."""

    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals
    grace_s: float
    _rope: int
    _watchdog: subprocess.Popen[bytes]
    _held: bool = field(default=True)

    @property
    def pid(self) -> int:
        """The process id, which is the id of its group too."""
        return self.process.pid

    def poll(self) -> int | None:
        """Return the exit code, or none while it runs."""
        return self.process.poll()

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait for the end and return the exit code.

        Raises:
            subprocess.TimeoutExpired: When it still runs after *timeout_s*.
        """
        code = self.process.wait(timeout_s)
        self._let_go()
        return code

    def stop(self) -> int:
        """Ask it to end, insist after ``grace_s``, and return the exit code."""
        self._signal(self.stop_signal)
        try:
            return self.wait(self.grace_s)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it with SIGKILL, as a crash would, and return the exit code."""
        self._signal(signal.SIGKILL)
        return self.wait()

    def _signal(self, number: signal.Signals) -> None:
        # Only while it is not reaped is the id surely still its own.
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def _let_go(self) -> None:
        if not self._held:
            return
        self._held = False
        with suppress(BrokenPipeError):  # somebody killed the watchdog
            os.write(self._rope, b"\n")
        os.close(self._rope)
        self._watchdog.wait()


def spawn(
    argv: Sequence[str | Path],
    *,
    stop_signal: signal.Signals = signal.SIGTERM,
    grace_s: float = 10.0,
    remove: Sequence[Path] = (),
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    user: tuple[int, int] | None = None,
    pass_fds: Sequence[int] = (),
) -> Child:
    """Start *argv* so that it never outlives us.

    On our death it gets *stop_signal*, after *grace_s* SIGKILL, and the folders in *remove* go;
    when it ends otherwise they are the caller's. *user* is a pair of user and group id.

    Raises:
        OSError: When the program cannot be started.
    """
    identity = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
    process = subprocess.Popen(  # type: ignore[call-overload]
        argv,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env=env,
        cwd=cwd,
        pass_fds=pass_fds,
        start_new_session=True,
        **identity,
    )
    try:
        rope, watchdog = _watch(process.pid, stop_signal, grace_s, remove)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return Child(process, stop_signal, grace_s, rope, watchdog)


def _watch(
    group: int, stop_signal: signal.Signals, grace_s: float, remove: Sequence[Path]
) -> tuple[int, subprocess.Popen[bytes]]:
    far_end, rope = os.pipe()
    words = [str(group), stop_signal.name.removeprefix("SIG"), str(round(grace_s * 10))]
    try:
        watchdog = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, "sabiscore-lifeline", *words, *map(str, remove)],
            stdin=far_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
    except BaseException:
        os.close(rope)
        raise
    finally:
        os.close(far_end)
    return rope, watchdog
