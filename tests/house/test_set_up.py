from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = ("redis-server", "chromium", "promtool", "openssl")


class Machine:
    """A machine with nothing but a shell, and an apt-get that takes notes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bin"
        self.path.mkdir()
        self.notes = folder / "notes"
        for name in ("sh", "timeout", "chmod", "rm", "true"):
            (self.path / name).symlink_to(shutil.which(name) or name)
        self.put("id", "echo 0")

    def put(self, name: str, does: str) -> None:
        (self.path / name).unlink(missing_ok=True)
        (self.path / name).write_text(f"#!/bin/sh\n{does}\n")
        (self.path / name).chmod(0o755)

    def set_up(self) -> tuple[int, str]:
        done = subprocess.run(
            [self.path / "sh", ROOT / "tests" / "set-up"],
            env={"PATH": str(self.path)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode, done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_machine_that_has_every_program_is_left_alone(machine: Machine) -> None:
    for name in PROGRAMS:
        machine.put(name, "true")

    said = machine.set_up()

    assert said == (0, "")


def test_a_machine_without_packages_says_what_its_tests_will_miss(machine: Machine) -> None:
    machine.put("chromium", "true")

    code, said = machine.set_up()

    assert code == 0
    assert "redis-server prometheus openssl not installed: there is no apt-get" in said


def test_nobody_but_root_is_asked_to_install(machine: Machine) -> None:
    machine.put("apt-get", f"echo $* >>{machine.notes}")
    machine.put("id", "echo 1000")

    code, said = machine.set_up()

    assert (code, machine.notes.exists()) == (0, False)
    assert "only root can" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps a package's servers asleep")
def test_one_package_that_is_not_to_be_had_costs_no_other(machine: Machine) -> None:
    machine.put("apt-get", f'echo $* >>{machine.notes}; case "$*" in *chromium) exit 100;; esac')

    code, said = machine.set_up()

    installed = [line.split()[-1] for line in machine.notes.read_text().splitlines()]
    assert installed == ["update", "redis-server", "chromium", "prometheus", "openssl"]
    assert (code, "chromium not installed: apt-get could not" in said) == (0, True)
