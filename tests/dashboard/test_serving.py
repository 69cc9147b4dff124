"""Starting, stopping, refusing, and what every answer carries."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from dashboard.serve import _listen, run
from dashboard.settings import Settings, without_password
from schemas.errors import ServerError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

CLOSED = 0
PROGRAM = """
import sys
from dashboard.serve import run
from dashboard.settings import Settings
settings = Settings(redis_url=sys.argv[1])
sys.exit(run(settings, port=0, started=lambda address: print(address, flush=True)))
"""


def test_a_redis_that_does_not_answer_is_said_in_one_sentence_without_its_password() -> None:
    with pytest.raises(ServerError) as caught:
        run(Settings(redis_url="redis://:hunter2@127.0.0.1:1/0"), port=0)

    message = str(caught.value)
    assert "127.0.0.1:1" in message
    assert "does not answer" in message
    assert "hunter2" not in message
    assert "\n" not in message


def test_a_port_in_use_is_said_in_one_sentence(valkey: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(ServerError, match=rf"port {port} at 127\.0\.0\.1 .*--port"):
            run(Settings(redis_url=valkey.url), port=port)


def test_an_address_that_is_none_is_said_without_repeating_it() -> None:
    with pytest.raises(SettingsError, match="redis://, rediss:// or unix://"):
        run(Settings(redis_url="http://:hunter2@localhost"), port=0)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:secret@db:6379/0", "redis://db:6379/0"),
        ("unix:///run/r.sock?password=secret", "unix:///run/r.sock"),
        ("rediss://db?password=secret", "rediss://db"),
    ],
)
def test_an_address_is_shown_without_what_is_secret(url: str, shown: str) -> None:
    assert without_password(url) == shown


async def test_the_body_of_an_answer_does_not_wait_until_its_head_is_acknowledged() -> None:
    delays: asyncio.Queue[int] = asyncio.Queue()

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted = writer.get_extra_info("socket")
        delays.put_nowait(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with _listen("127.0.0.1", 0) as listener:
        async with await asyncio.start_server(answer, sock=listener):
            with socket.create_connection(listener.getsockname()):
                assert await delays.get()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_though_a_client_follows_the_stream(
    valkey: Any, how: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, valkey.url], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        with httpx.stream("GET", f"{address}/v1/stream", timeout=30) as stream:
            lines = stream.iter_lines()
            next(lines)
            process.send_signal(how)
            rest = list(lines)

        assert process.wait(30) == 0
    assert rest[-1] == ""


async def test_it_is_alive_but_not_ready_until_the_mirror_is_filled(
    valkey: Any, forecast: Any, until: Any
) -> None:
    from dashboard.app import create_app  # noqa: PLC0415 - this test starts it itself
    from dashboard.settings import Settings  # noqa: PLC0415

    valkey.commit(forecast())
    valkey.stop()
    app = create_app(Settings(redis_url=valkey.url))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://reads") as client,
    ):
        alive = await client.get("/healthz")
        before = await client.get("/readyz")
        valkey.start()

        async def is_ready() -> bool:
            return (await client.get("/readyz")).status_code == 200

        await until(is_ready)
        after = (await client.get("/readyz")).json()

    assert (alive.status_code, before.status_code) == (200, 503)
    assert before.json()["freshness"] == "filling"
    assert (after["matches"], after["freshness"]) == (1, "following")


async def test_every_answer_carries_the_security_headers(served: Any) -> None:
    async with served() as client:
        answers = [
            await client.get(path)
            for path in ("/", "/page/app.js", "/v1/predictions", "/nothing", "/healthz")
        ]

    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "status"), [("/nothing", 404), ("/page/nothing.js", 404), ("/page/../app.py", 404)]
)
async def test_a_path_that_is_not_served_is_a_problem_of_its_own_media_type(
    served: Any, path: str, status: int
) -> None:
    async with served() as client:
        answer = await client.get(path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_nothing_can_be_written(served: Any) -> None:
    async with served() as client:
        answer = await client.post("/v1/predictions", content=b"{}")

    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})


async def status_or_closed(
    client: httpx.AsyncClient, path: str, headers: dict[str, str] | None = None
) -> int:
    """The status, or CLOSED where the server hung up before we had said it all."""
    try:
        return (await client.get(path, headers=headers)).status_code
    except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
        return CLOSED


@pytest.mark.parametrize("size_bytes", [5_000, 20_000, 60_000])
async def test_a_path_too_long_is_refused(served: Any, size_bytes: int) -> None:
    async with served() as client:
        status = await status_or_closed(client, "/v1/predictions/" + "a" * size_bytes)
        alive = await client.get("/healthz")

    assert status in {CLOSED, 400, 414, 431}
    assert alive.status_code == 200


@pytest.mark.parametrize("size_bytes", [17_000, 100_000])
async def test_a_header_too_long_is_refused(served: Any, size_bytes: int) -> None:
    async with served() as client:
        headers = {"X-Long": "a" * size_bytes}
        status = await status_or_closed(client, "/v1/predictions", headers)
        alive = await client.get("/healthz")

    assert status in {CLOSED, 400, 414, 431}
    assert alive.status_code == 200


def test_metrics_of_every_process_of_the_machine_show_up_together(
    valkey: Any, tmp_path: Path
) -> None:
    worker = (
        "from prometheus_client import Counter\n"
        "Counter('sabiscore_forecasts', 'Forecasts.').inc(41)\n"
    )
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "shared"), "PATH": "/usr/bin:/bin"}
    (tmp_path / "shared").mkdir()
    subprocess.run([sys.executable, "-c", worker], env=shared, check=True)

    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, valkey.url], stdout=subprocess.PIPE, text=True, env=shared
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        httpx.get(f"{address}/v1/predictions/e0-2024-25-nobody-nowhere-1", timeout=30)
        metrics = httpx.get(f"{address}/metrics", timeout=30).text
        process.terminate()
        assert process.wait(30) == 0

    assert "sabiscore_forecasts_total 41.0" in metrics
    assert 'sabiscore_reads_total{result="unknown"} 1.0' in metrics


def test_a_folder_for_metrics_that_cannot_be_made_is_named(
    valkey: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "file" / "folder"))

    with pytest.raises(SettingsError, match="PROMETHEUS_MULTIPROC_DIR"):
        run(Settings(redis_url=valkey.url), port=0)
