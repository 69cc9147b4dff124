"""CPU time of processes and their children, as Linux counts it, and stopping and waking them."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
# Of the fields after a process's name, which may hold spaces and brackets: proc_pid_stat(5).
_PARENT, _USER, _SYSTEM, _ENDED_USER, _ENDED_SYSTEM = 1, 11, 12, 13, 14
_STOLEN = 8
"""Of the first line of ``/proc/stat``, its name counted: proc_stat(5)."""


def cpu_s(pid: int) -> float:
    """Seconds of CPU, user and system, of a process and all below it, also of those ended."""
    fields = _fields()
    family = {pid}
    while more := {child for child, of in fields.items() if int(of[_PARENT]) in family} - family:
        family |= more
    spent = (_USER, _SYSTEM, _ENDED_USER, _ENDED_SYSTEM)
    ticks = sum(int(fields[member][place]) for member in family & set(fields) for place in spent)
    return ticks / _TICKS_A_SECOND


def cpu_of(pids: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Add up :func:`cpu_s` of each part's processes, by name of the part."""
    return {name: sum(map(cpu_s, several)) for name, several in pids.items()}


def cpu_since(start: Mapping[str, float], pids: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Seconds of CPU by name since *start*."""
    return {name: spent - start[name] for name, spent in cpu_of(pids).items()}


def stolen_s() -> float:
    """Seconds of CPU, over all cores and since boot, that a virtual machine's host kept for others.

    Whoever waits then waits for a core that is not there: 10 % of them triple a 99th percentile.
    """
    fields = (_PROC / "stat").read_text().partition("\n")[0].split()
    return int(fields[_STOLEN]) / _TICKS_A_SECOND


@contextmanager
def stopped(pids: Iterable[int]) -> Iterator[None]:
    """Halt processes within the block, so that what they wait for can be laid out for them."""
    halted = list(pids)
    for pid in halted:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in halted:
            os.kill(pid, signal.SIGCONT)


def _fields() -> dict[int, list[str]]:
    found = {}
    for place in _PROC.iterdir():
        if place.name.isdigit():
            with suppress(OSError):  # it ended while we looked
                words = (place / "stat").read_text()
                found[int(place.name)] = words[words.rindex(")") + 2 :].split()
    return found
