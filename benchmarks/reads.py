"""Reads beside their rivals, with wrk, in one run; and thousands of clients of the live stream.

Rivals: a constant answer of the same server, a handler that asks Redis for each request, and nginx
with the same bytes as a file. Then our single read while events are processed, by connections that
never rest and by others that do, and the stream.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import redis
from msgspec import Struct

from benchmarks import mix, processes, wrk
from benchmarks.end_to_end import _publish
from benchmarks.pace import Pace
from benchmarks.read_report import markdown, put_section
from benchmarks.stage import Stage, staged
from commands.read_probe import wait_until_ready
from commands.settings import settings_from
from commands.supervise import ONE_THREAD
from embedded.lifeline import spawn
from embedded.ports import free_port
from model_store import ModelStore
from schemas.keys import prediction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SEED = 1
RIVALS = ("constant", "constant at once", "single read", "list of 50", "asks Redis", "nginx file")
UNDER_LOAD = ("constant at once", "single read")
"""Asked while events are processed: the first tells what the machine leaves to any server."""
PACES_MS = {"without a rest": 0, "20 times a second each": 50}
"""How long a connection rests between two reads: not at all, or as dashboards do, and shorter."""
KINDS = {"constant": "constant", "constant at once": "at-once", "asks Redis": "naive"}
_ASKED_MOST = 200_000


class Rival(Struct, frozen=True):
    """Where to ask, and the process that answers."""

    url: str
    pid: int


class Asked(Struct, frozen=True):
    """One run of wrk, and what it cost the server: µs of CPU a request."""

    run: wrk.Run
    cpu_us: float


class Streamed(Struct, frozen=True):
    """What the clients of the stream saw."""

    clients: int
    lost: int
    deliveries_s: float
    p50_ms: float
    p99_ms: float
    rss_mb: float
    cpu_share: float


class Results(Struct, frozen=True):
    """All rounds by rival, the run under load, the stream, and the command that made them."""

    command: str
    load: float
    model: str
    quiet: dict[str, list[Asked]]
    busy: dict[str, list[Asked]]
    events_s: float
    streamed: Streamed | None


def measure(options: argparse.Namespace) -> Results:
    """Run everything on servers of our own."""
    settings = settings_from(models=options.models)
    model = ModelStore(settings.models).load("champion").label
    load, flow = os.getloadavg()[0], mix.Mix(SEED)
    quiet: dict[str, list[Asked]] = {rival: [] for rival in RIVALS}
    with staged("sabiscore", settings) as stage, ExitStack() as stack:
        _publish(stage, stage.items(mix.before(SEED, model)))
        stage.drained()
        port, pid = stack.enter_context(_served(stage))
        rivals = stack.enter_context(_rivals(stage, port, pid))
        for number in range(options.rounds):
            for rival in RIVALS if number % 2 == 0 else RIVALS[::-1]:
                quiet[rival].append(_ask(rivals[rival], options.seconds))
                _tell(rival, quiet[rival][-1])
        busy: dict[str, list[Asked]] = {
            f"{rival}, {pace}": [] for pace in PACES_MS for rival in UNDER_LOAD
        }
        with Pace(stage, flow, options.events_s) as events:
            time.sleep(1.0)
            for number in range(options.rounds):
                for name in list(busy) if number % 2 == 0 else list(busy)[::-1]:
                    rival, _, at = name.partition(", ")
                    busy[name].append(_ask(rivals[rival], options.seconds, PACES_MS[at]))
                    _tell(name, busy[name][-1])
            sent_s = sorted(events.sent_s.values())
        events_s = (len(sent_s) - 1) / (sent_s[-1] - sent_s[0])
        stage.drained()
        streamed = _stream(stage, port, pid, flow, options) if options.clients else None
    command = "python -m benchmarks.reads " + " ".join(
        f"--{name.replace('_', '-')} {getattr(options, name)}"
        for name in ("rounds", "seconds", "clients", "deliveries_s")
    )
    return Results(command, load, model, quiet, busy, events_s, streamed)


def _ask(rival: Rival, seconds: float, rest_ms: int = 0) -> Asked:
    before_s, began_s = processes.cpu_s(rival.pid), time.monotonic()
    run = wrk.run(rival.url, connections=64, seconds=seconds, rest_ms=rest_ms)
    spent_s, took_s = processes.cpu_s(rival.pid) - before_s, time.monotonic() - began_s
    return Asked(run, 1e6 * spent_s / (run.requests_s * took_s))


def _tell(what: str, asked: Asked) -> None:
    run = asked.run
    told = f"{what:40} {run.requests_s:9,.0f}/s p50 {run.p50_ms:6.2f} p99 {run.p99_ms:6.2f} ms"
    print(told, f"CPU {asked.cpu_us:5.1f} us", run.bad, file=sys.stderr, flush=True)


@contextmanager
def _served(stage: Stage) -> Iterator[tuple[int, int]]:
    """Our reads in a process of their own: port and process id."""
    port = free_port()
    env = os.environ | ONE_THREAD | stage.settings.environment()
    # Limits are on, so that what they cost is in the figures, and too high to matter.
    env |= {
        "SABISCORE_READS_PER_S": str(_ASKED_MOST),
        "SABISCORE_STREAM_CLIENTS_PER_ADDRESS": str(_ASKED_MOST),
    }
    words = [sys.executable, "-m", "sabiscore", "serve", "--port", str(port)]
    child = spawn(words, env=env)
    try:
        wait_until_ready(port, stage.check)
        yield port, child.pid
    finally:
        child.stop()


@contextmanager
def _rivals(stage: Stage, port: int, pid: int) -> Iterator[dict[str, Rival]]:
    """The address of each rival; all answer with the same forecast, but the list."""
    match = mix.fixtures()[0].match_id
    key = prediction(stage.settings.namespace, match)
    path = f"/v1/predictions/{match}"
    rivals = {
        "single read": Rival(f"http://127.0.0.1:{port}{path}", pid),
        "list of 50": Rival(f"http://127.0.0.1:{port}/v1/predictions?limit=50", pid),
    }
    with ExitStack() as stack:
        for rival, kind in KINDS.items():
            other = free_port()
            words = ["-m", "benchmarks.read_rivals", kind, str(other), str(stage.settings.redis)]
            child = spawn([sys.executable, *words, key], env={**os.environ, **ONE_THREAD})
            stack.callback(child.stop)
            rivals[rival] = Rival(f"http://127.0.0.1:{other}{path}", child.pid)
        with redis.Redis.from_url(str(stage.settings.redis)) as client:
            body: Any = client.get(key)
        rivals["nginx file"] = stack.enter_context(_nginx(body))
        for rival_of in rivals.values():
            _wait_for(rival_of.url)
        yield rivals


def _wait_for(url: str, patience_s: float = 30.0) -> None:
    until_s = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=patience_s):  # noqa: S310 - our own, on loopback
                return
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.1)


@contextmanager
def _nginx(body: bytes) -> Iterator[Rival]:
    """One worker of nginx over a folder with one file, as a ceiling."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="sabi-nginx-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "forecast.json").write_bytes(body)
        (folder / "nginx.conf").write_text(
            f"worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; daemon off;\n"
            f"events {{ worker_connections 1024; }}\n"
            f"http {{ access_log off; keepalive_requests 1000000; open_file_cache max=10;\n"
            f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n"
        )
        child = spawn([program, "-c", str(folder / "nginx.conf"), "-p", name], env=os.environ)
        try:
            yield Rival(f"http://127.0.0.1:{port}/forecast.json", child.pid)
        finally:
            child.stop()


def _stream(
    stage: Stage, port: int, pid: int, flow: mix.Mix, options: argparse.Namespace
) -> Streamed:
    """Let clients follow ten matches each while events flow."""
    matches = [fixture.match_id for fixture in mix.fixtures()]
    # Every event that gives a forecast reaches so many clients on average.
    reached = options.clients * 10 / len(matches)
    words = [sys.executable, "-m", "benchmarks.stream_clients", str(port), str(options.clients)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as clients:
        assert clients.stdin is not None  # noqa: S101 - it was asked for
        assert clients.stdout is not None  # noqa: S101 - the same
        clients.stdin.write("\n".join([*matches, "", ""]).encode())
        clients.stdin.flush()
        if clients.stdout.readline().strip() != b"ready":
            raise RuntimeError("the clients could not follow the stream")
        began_s, spent_s = time.monotonic(), processes.cpu_s(pid)
        events_s = options.deliveries_s / reached / mix.FORECASTS_AN_EVENT
        with Pace(stage, flow, events_s) as pace:
            time.sleep(options.seconds * 3)
        seconds, spent_s = time.monotonic() - began_s, processes.cpu_s(pid) - spent_s
        time.sleep(1.0)
        rss_mb = _rss_mb(pid)
        told, _ = clients.communicate(b"\n")
    seen = msgspec.json.decode(told)
    waits = [1e3 * (at - pace.sent_s[c]) for c, at in seen["seen"] if c in pace.sent_s]
    p50, p99 = np.percentile(waits, (50, 99))
    return Streamed(
        clients=options.clients,
        lost=seen["lost"],
        deliveries_s=len(waits) / seconds,
        p50_ms=float(p50),
        p99_ms=float(p99),
        rss_mb=rss_mb,
        cpu_share=spent_s / seconds,
    )


def _rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print the section, and write it where it was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of wrk of each rival")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of one run")
    parser.add_argument("--events-s", type=float, default=1000.0, help="events/s while reading")
    parser.add_argument("--clients", type=int, default=5000, help="clients of the stream; 0: none")
    parser.add_argument("--deliveries-s", type=float, default=5000.0, help="to all of them")
    parser.add_argument("--models", type=Path, help="folder of models; the shipped one if none")
    parser.add_argument("--out", type=Path, help="replace the section of the reads in this file")
    options = parser.parse_args(words)
    if not wrk.is_there():
        raise SystemExit("wrk is needed: apt-get install wrk nginx-light")
    section = markdown(measure(options))
    print(section)
    if options.out:
        put_section(options.out, section)


if __name__ == "__main__":
    main()
