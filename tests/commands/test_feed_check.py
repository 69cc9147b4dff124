"""``sabiscore feed check``: a feed's author learns what is wrong, and a script by its exit code."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from typing import TYPE_CHECKING

import pytest

from producers import simulate
from schemas.events import encode_event

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Sabiscore = Callable[..., subprocess.CompletedProcess[str]]

GOOD = [encode_event(event) for event in simulate.league(1, seasons=1).events()][:200]
BAD = GOOD[7].replace(b'"time":"', b'"time":"on ')


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a site that serves this test's folder."""
    serve = functools.partial(Quiet, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_good_file_is_summed_up_and_the_code_is_0(sabiscore: Sabiscore, tmp_path: Path) -> None:
    (tmp_path / "feed.ndjson").write_bytes(b"\n".join(GOOD))

    done = sabiscore("feed", "check", tmp_path / "feed.ndjson")

    assert done.returncode == 0, done.stdout
    assert "200 events of" in done.stdout
    assert "200 can be used, 0 cannot" in done.stdout


def test_a_bad_line_is_named_with_its_field_and_the_code_is_1(
    sabiscore: Sabiscore, tmp_path: Path, site: str
) -> None:
    (tmp_path / "feed.json").write_bytes(b"[" + b",".join([*GOOD[:7], BAD, *GOOD[8:20]]) + b"]")

    shown = sabiscore("feed", "check", tmp_path / "feed.json")
    told = json.loads(sabiscore("feed", "check", f"{site}/feed.json", "--json").stdout)

    assert shown.returncode == 1
    assert "must be a time such as 2025-08-17T12:30:00Z" in shown.stdout
    assert (told["events"], told["wrong"]) == (20, 1)
    assert [(f["line"], f["field"], f["severity"]) for f in told["findings"]] == [
        (8, "time", "error")
    ]


def test_what_cannot_be_read_at_all_is_said_in_a_sentence(
    sabiscore: Sabiscore, tmp_path: Path, site: str
) -> None:
    (tmp_path / "empty").touch()

    for source, words in (
        (tmp_path / "empty", "holds no event"),
        (f"{site}/none", "cannot be fetched"),
    ):
        done = sabiscore("feed", "check", source)
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr
