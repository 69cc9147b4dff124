from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Stands for Python and for the tools of the environment: setting up says what it was told to do.
FAKE_PYTHON = """#!/bin/sh
case "$*" in
    "-V") echo "Python 3.11.99" ;;
    "-m venv --clear "*)
        for venv; do :; done
        mkdir -p "$venv/bin"
        echo "making" >>"$venv/../log"
        [ ! -e "$venv/../slow" ] || sleep 1
        cp "$0" "$venv/bin/python"
        for tool in uv pytest sabiscore; do
            printf '#!/bin/sh\\necho "%s in $(pwd): $*"\\n' "$tool" >"$venv/bin/$tool"
            chmod +x "$venv/bin/$tool"
        done ;;
    "-m pip install"*) [ ! -e "$(dirname "$0")/../../offline" ] ;;
esac
"""


class House:
    """A copy of the front door in a folder with a space, with a Python that only takes notes."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "my project"
        self.root.mkdir()
        for name in ("run", "requirements.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, self.root / name)
        self.path = folder / "bin"
        self.path.mkdir()
        self.python(FAKE_PYTHON)

    def python(self, text: str) -> None:
        for name in ("python3", "python3.13", "python3.12", "python3.11", "python"):
            (self.path / name).write_text(text)
            (self.path / name).chmod(0o755)

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.root / "run", *words],
            cwd="/",
            env={"PATH": f"{self.path}:/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> tuple[int, str, str]:
        with self.start(*words) as process:
            out, err = process.communicate()
            return process.returncode, out, err

    @property
    def made(self) -> int:
        log = self.root / "log"
        return log.read_text().count("making") if log.exists() else 0


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_the_first_call_sets_up_and_hands_over_in_the_callers_folder(house: House) -> None:
    code, out, err = house.run("models", "list")

    assert (code, out) == (0, "sabiscore in /: models list\n")
    assert err.splitlines()[0] == "Making .venv with Python 3.11.99 ..."
    assert err.splitlines()[-1] == "Ready."


def test_a_second_call_starts_at_once_and_says_nothing(house: House) -> None:
    house.run("doctor")

    code, out, err = house.run("doctor")

    assert (code, out, err) == (0, "sabiscore in /: doctor\n", "")
    assert house.made == 1


def test_words_after_test_go_to_pytest_in_the_projects_folder(house: House) -> None:
    code, out, _ = house.run("test", "tests/x", "-k", "two words")

    assert (code, out) == (0, f"pytest in {house.root}: tests/x -k two words\n")


def test_help_needs_no_environment(house: House) -> None:
    code, out, err = house.run("help")

    assert (code, err) == (0, "")
    assert "./run up" in out
    assert house.made == 0


def test_a_new_lock_brings_the_environment_up_to_date_in_place(house: House) -> None:
    house.run("doctor")
    with (house.root / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")

    _, _, err = house.run("doctor")
    _, _, again = house.run("doctor")

    assert "Bringing .venv up to date ..." in err
    assert again == ""
    assert house.made == 1


def test_an_environment_that_was_never_finished_is_made_again(house: House) -> None:
    house.run("doctor")
    (house.root / ".venv" / ".complete").unlink()

    code, _, _ = house.run("doctor")

    assert (code, house.made) == (0, 2)


def test_a_folder_that_was_moved_is_set_up_again(house: House) -> None:
    house.run("doctor")
    house.root = house.root.rename(house.root.with_name("elsewhere"))

    code, out, _ = house.run("doctor")

    assert (code, out) == (0, "sabiscore in /: doctor\n")
    assert house.made == 2


def test_two_calls_at_once_set_up_one_environment(house: House) -> None:
    (house.root / "slow").touch()

    with house.start("doctor") as first, house.start("doctor") as second:
        codes = (first.wait(), second.wait())

    assert (codes, house.made) == ((0, 0), 1)


def test_a_call_that_was_killed_while_setting_up_holds_nobody_up(house: House) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    (house.root / ".venv.lock").mkdir()
    (house.root / ".venv.lock" / "pid").write_text(f"{gone.pid}\n")

    code, _, _ = house.run("doctor")

    assert code == 0
    assert not (house.root / ".venv.lock").exists()


def test_packages_that_cannot_be_fetched_end_in_a_sentence_and_the_next_call_tries_again(
    house: House,
) -> None:
    (house.root / "offline").touch()
    code, out, err = house.run("doctor")
    (house.root / "offline").unlink()

    again, _, _ = house.run("doctor")

    assert (code, out) == (1, "")
    assert "run: the packages could not be installed" in err
    assert not (house.root / ".venv.lock").exists()
    assert again == 0


def test_a_python_that_is_too_old_is_named(house: House) -> None:
    house.python('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2" || exit 1\n')

    code, _, err = house.run("doctor")

    assert (code, err) == (
        1,
        "run: needs Python 3.11 or newer as python3 on the PATH; found Python 3.9.2\n",
    )


def test_ci_runs_what_the_readme_tells_everybody_to_run() -> None:
    script = ROOT / ".ci" / "run"

    lines = [line for line in script.read_text().splitlines() if not line.startswith("#")]

    assert lines[-1] == "exec ./run test </dev/null"
    assert script.stat().st_mode & stat.S_IXUSR
    assert os.access(ROOT / "run", os.X_OK)


def test_the_lock_names_no_address_and_a_hash_for_every_package() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()

    packages = [line for line in lines if not line.startswith(" ")]

    assert len(packages) > 100
    assert all("==" in line and line.endswith("\\") for line in packages)
    assert not any("://" in line or " @ " in line or line.startswith("-") for line in lines)


@pytest.mark.parametrize(
    ("group", "names"),
    [("faust.transports", {"redis", "rediss", "unix"}), ("faust.stores", {"redis"})],
)
def test_faust_finds_our_plug_ins_by_their_addresses(group: str, names: set[str]) -> None:
    found = {point.name: point for point in entry_points(group=group)}

    assert names <= found.keys()
    assert all(found[name].load().__module__.startswith("faust_redis") for name in names)
