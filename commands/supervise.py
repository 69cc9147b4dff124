"""Keeps child processes of our own running: a worker that dies is started again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import structlog

from embedded.lifeline import Child, spawn
from schemas.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

log = structlog.get_logger()

ONE_THREAD = {
    # Two threads on two busy cores wait for each other: one prediction took 44 ms, not 1.4.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}

_BACK_OFF_S = (0.2, 1.0, 5.0)
_QUICK_DEATHS = 5


@dataclass
class _Charge:
    """One command of ours that must stay alive."""

    words: tuple[str, ...]
    env: dict[str, str]
    child: Child
    started_at_s: float = field(default_factory=time.monotonic)
    quick_deaths: int = 0
    due_at_s: float | None = None


class Supervisor:
    """Starts ``sabiscore`` commands as child processes and starts them again when they die.

    A child that dies within ten seconds of its start five times in a row is given up:
    :meth:`check` then raises. The folders in *remove* go when we are killed; else they are yours.
    """

    def __init__(self, remove: Sequence[Path] = ()) -> None:
        self._remove = tuple(remove)
        self._charges: dict[str, _Charge] = {}
        self._given_up: str | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def start(self, name: str, words: Sequence[str], env: Mapping[str, str]) -> None:
        """Start ``sabiscore`` with *words*; *env* comes on top of our environment."""
        whole = {**os.environ, **ONE_THREAD, **env}
        with self._lock:
            self._charges[name] = _Charge(tuple(words), whole, self._spawn(words, whole))

    def pid(self, name: str) -> int:
        """Return the process id under which *name* runs at the moment."""
        return self._charges[name].child.pid

    def check(self) -> None:
        """Return while all is well.

        Raises:
            ServerError: When a child was given up.
        """
        if self._given_up:
            raise ServerError(self._given_up)

    def stop(self) -> None:
        """End every child in good order, the last started first."""
        self._stopping.set()
        self._thread.join()
        for charge in reversed(self._charges.values()):
            charge.child.stop()
        self._charges.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _watch(self) -> None:
        while not self._stopping.wait(0.1):
            with self._lock:
                for name, charge in self._charges.items():
                    if charge.due_at_s is not None:
                        self._revive(name, charge, charge.due_at_s)
                    elif (code := charge.child.poll()) is not None and not self._given_up:
                        self._note_end(name, charge, code)

    def _note_end(self, name: str, charge: _Charge, code: int) -> None:
        charge.child.wait()
        now = time.monotonic()
        quick = now - charge.started_at_s < 10.0  # noqa: PLR2004 - see the class
        charge.quick_deaths = charge.quick_deaths + 1 if quick else 0
        if charge.quick_deaths >= _QUICK_DEATHS:
            self._given_up = f"{name} ended {_QUICK_DEATHS} times in a row (last with code {code})."
            return
        log.warning("a process ended; starting it again", name=name, code=code)
        # The others are looked after meanwhile.
        charge.due_at_s = now + _BACK_OFF_S[min(charge.quick_deaths, len(_BACK_OFF_S) - 1)]

    def _revive(self, name: str, charge: _Charge, due_at_s: float) -> None:
        if time.monotonic() < due_at_s:
            return
        charge.due_at_s = None
        try:
            charge.child = self._spawn(charge.words, charge.env)
        except OSError as error:
            self._given_up = f"{name} cannot be started again: {error}."
        charge.started_at_s = time.monotonic()

    def _spawn(self, words: Sequence[str], env: Mapping[str, str]) -> Child:
        # Where a part can be reached is for the one who started it to say, once and in its words.
        argv = [sys.executable, "-m", "sabiscore", *words]
        silent = subprocess.DEVNULL
        return spawn(argv, env=env, grace_s=10.0, stdout=silent, remove=self._remove)
