"""``sabiscore up`` from outside: it plays, sums up and leaves nothing; or says why it cannot."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from commands.settings import settings_from
from embedded.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]


def processes_that_mention(words: str) -> list[str]:
    """Command lines of running processes that hold *words*, our own test run left out."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environ = (folder / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if words in line or words in environ:
                found.append(line)
    return found


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one line in which a command said why it failed."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert lines[-1].startswith("sabiscore: ")
    return lines[-1]


def test_once_plays_to_the_end_sums_up_and_leaves_no_process(sabiscore: Run, results: Path) -> None:
    mark = f"once-{os.getpid()}"

    done = sabiscore(
        *("up", "--once", "--json", "--data", results, "--port", free_port()), SABI_MARK=mark
    )

    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["matches"] == 760
    assert summary["events_set_aside"] == 0
    assert summary["read_hit_share"] == 1.0
    assert summary["reads"] > 10
    assert summary["reads_that_went_back"] == 0
    assert summary["simulated"] is False
    assert summary["leagues"][-1]["n"] == 380
    assert summary["leagues"][-1]["market_n"] == 380
    # The eight promotions at the heads of the streams are archived too.
    assert summary["events_archived"] == summary["events"] + settings_from().partitions
    assert processes_that_mention(mark) == []


def test_a_missing_folder_is_one_sentence(sabiscore: Run, tmp_path: Path) -> None:
    done = sabiscore("up", "--data", tmp_path / "nowhere", "--port", free_port())

    assert "nowhere" in one_sentence(done)


def test_a_port_in_use_is_one_sentence(sabiscore: Run, results: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = sabiscore("up", "--data", results, "--port", port)

    assert str(port) in one_sentence(done)


def test_a_refused_password_is_one_sentence_without_it(
    sabiscore: Run, results: Path, redis_url: str
) -> None:
    wrong = f"redis://:hunter2@{redis_url.rpartition('@')[2]}"

    done = sabiscore("up", "--data", results, "--port", free_port(), "--redis", wrong)

    assert "--redis" in one_sentence(done)
    assert "hunter2" not in done.stdout + done.stderr


def test_a_corrupt_model_is_one_sentence(sabiscore: Run, results: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(settings_from().models, models)
    trees = next(models.glob("*/*/trees.onnx"))
    spoilt = bytearray(trees.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    trees.write_bytes(spoilt)

    done = sabiscore("up", "--data", results, "--port", free_port(), "--models", models)

    assert "trees.onnx" in one_sentence(done)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_it_is_ended(number: signal.Signals, results: Path) -> None:
    mark = f"ended-{os.getpid()}-{number}"
    scratch = Path(tempfile.mkdtemp(prefix="s-"))  # short: sockets lie below it
    scratch.chmod(0o755)  # and Postgres does not run as root
    argv = [sys.executable, "-m", "sabiscore", "up", "--data", str(results), "--speed", "60"]
    process = subprocess.Popen(
        [*argv, "--port", "0"],
        env={**os.environ, "SABI_MARK": mark, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    page = next(line for line in process.stdout if line.startswith("Page: "))
    answered = httpx.get(page.split()[1] + "healthz", timeout=10)
    assert answered.status_code == 200

    process.send_signal(number)
    process.wait(30)
    process.stdout.close()

    deadline = time.monotonic() + 30
    while processes_that_mention(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_that_mention(mark) == []
    assert [left.name for left in scratch.iterdir()] == []
    scratch.rmdir()
