"""What is asked for wrongly is said in one sentence, before anything is started."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from embedded import redis as embedded_redis
from embedded.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["worker"], "Which redis? Say --redis URL or set SABISCORE_REDIS."),
        (["worker", "--redis", NOWHERE], "Which database? Say --database URL"),
        (["dead", "list", "--redis", "nothing"], "the scheme of an address of Redis is redis://"),
        (["dead", "list", "--redis", "redis://h:port"], "the port in an address of Redis"),
        (["worker", "forecast", "--redis", "redis://h/one"], "is a number, not 'one'"),
        (["up", "--port", "{port}", "--gateway", "{port}"], "--port and --gateway are both"),
    ],
)
def test_wrong_words_get_one_sentence(sabiscore: Run, words: list[str], said: str) -> None:
    port = str(free_port())

    done = sabiscore(*(word.format(port=port) for word in words))

    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert said in line


def test_a_folder_that_cannot_be_made_is_named(sabiscore: Run, results: Path) -> None:
    out = f"{__file__}/below"
    days = ("--from", "2023-07-01", "--to", "2024-06-30")

    done = sabiscore("backtest", "--data", results, *days, "--out", out)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"sabiscore: {out}: Not a directory"


def test_serving_says_where(tmp_path: Path) -> None:
    with embedded_redis.start(tmp_path) as server:
        argv = [sys.executable, "-m", "sabiscore", "serve", "--port", "0", "--redis"]
        process = subprocess.Popen(
            [*argv, server.socket_url], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert process.stdout is not None
        try:
            assert re.match(r"Page: http://127\.0\.0\.1:\d{3,}/ ", process.stdout.readline())
        finally:
            process.terminate()
            process.wait(20)
            process.stdout.close()
