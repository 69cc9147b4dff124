from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from embedded import lifeline
from tests.embedded.processes import alive, both, first_line, soon_gone

WAITS = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    *(sys.executable, "-c"),
    (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        " print('deaf', flush=True); time.sleep(600)"
    ),
]


def test_a_child_stops_when_asked() -> None:
    child = lifeline.spawn(WAITS)

    code = child.stop()

    assert code == -signal.SIGTERM
    assert not alive(child.pid)


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    with heard.open("wb") as output:
        child = lifeline.spawn(STUBBORN, grace_s=0.2, stdout=output)
    while not heard.read_text():
        time.sleep(0.01)

    code = child.stop()

    assert code == -signal.SIGKILL


def test_a_child_that_ends_by_itself_leaves_no_watchdog() -> None:
    child = lifeline.spawn([sys.executable, "-c", "raise SystemExit(3)"])

    code = child.wait(60)

    assert code == 3
    assert child._watchdog.returncode == 0
    assert child.stop() == 3


def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        lifeline.spawn(["/nonexistent/program"])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_servers_and_children_end_with_a_parent_that_is_killed(number: signal.Signals) -> None:
    parent = both("stay")
    with parent:
        found = first_line(parent)
        before = [alive(pid) for pid in found["pids"]]

        parent.send_signal(number)
        parent.wait()

        assert (found["pong"], found["sum"], before) == (True, 42, [True, True, True])
        assert soon_gone(found)


def test_ctrl_c_reaches_us_and_we_stop_the_servers_in_good_order() -> None:
    parent = both("stay")
    with parent:
        found = first_line(parent)

        parent.send_signal(signal.SIGINT)
        parent.wait()

        # The sleeper is nobody's but the watchdog's.
        assert soon_gone(found)


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: the other tests prove this already")
def test_both_servers_start_for_a_user_who_is_not_root() -> None:
    if not all(place.stat().st_mode & 0o001 for place in Path(sys.prefix, "lib").parents):
        pytest.skip(f"nobody but root can read {sys.prefix}")

    with both("as-nobody") as process:
        found = first_line(process)
        code = process.wait()

    assert (code, found["pong"], found["sum"]) == (0, True, 42)
    assert found["owner"] != 0
    assert soon_gone(found)
