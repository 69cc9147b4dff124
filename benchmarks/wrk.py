"""Runs ``wrk`` and reads what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile

from msgspec import Struct

_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1_000.0, "m": 60_000.0}
_LATENCY = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)\s*$", re.MULTILINE)
_RATE = re.compile(r"^Requests/sec:\s+([\d.]+)$", re.MULTILINE)
_BAD = re.compile(r"Socket errors: .*|Non-2xx or 3xx responses: .*")


class Run(Struct, frozen=True):
    """What one run showed; ``bad`` is what went wrong, in wrk's own words."""

    requests_s: float
    p50_ms: float
    p99_ms: float
    bad: str


def is_there() -> bool:
    """Whether this machine has wrk."""
    return shutil.which("wrk") is not None


def run(url: str, *, connections: int, seconds: float, rest_ms: int = 0) -> Run:
    """Ask for *url* over so many connections.

    Each asks again as soon as it was answered, or rests *rest_ms* on average in between: half of
    it at least, one and a half times at most.
    """
    words = ["wrk", "-t1", f"-c{connections}", f"-d{round(seconds)}s", "--latency"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if rest_ms:
            half = rest_ms // 2
            script.write(f"function delay() return math.random({half}, {rest_ms + half}) end\n")
            script.flush()
            words += ["-s", script.name]
        told = subprocess.run([*words, url], check=True, capture_output=True, text=True).stdout
    waits = {share: float(n) * _UNITS_MS[unit] for share, n, unit in _LATENCY.findall(told)}
    rate = _RATE.search(told)
    bad = _BAD.search(told)
    if rate is None or set(waits) != {"50", "99"}:
        raise ValueError(f"wrk says something else than it used to: {told}")
    return Run(float(rate[1]), waits["50"], waits["99"], bad[0] if bad else "")
