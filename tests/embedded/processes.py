"""Runs the script that starts both servers, and looks at what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, TypeAlias

Found: TypeAlias = dict[str, Any]

SCRIPT = Path(__file__).with_name("start_both.py")
ROOT = SCRIPT.parents[2]


def both(*words: str) -> subprocess.Popen[bytes]:
    """Run the script that starts both servers; ``stay`` and ``as-nobody`` are its words."""
    return subprocess.Popen(
        [sys.executable, SCRIPT, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd="/",
    )


def first_line(process: subprocess.Popen[bytes]) -> Found:
    """Return what the script found."""
    assert process.stdout is not None
    found: Found = json.loads(process.stdout.readline())
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be buried does not."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        if stat.parent.parent.joinpath("self").exists():
            return stat.read_text().rpartition(") ")[2][0] != "Z"
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return True


def soon_gone(found: Found, within_s: float = 40.0) -> bool:
    """Whether all processes and folders are gone before long."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not any(map(alive, found["pids"])) and not any(map(os.path.exists, found["folders"])):
            return True
        time.sleep(0.05)
    return False
