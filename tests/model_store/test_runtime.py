"""The library that evaluates trees tells nobody what we do."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOADS = """
from commands.settings import settings_from
from model_store import ModelStore

ModelStore(settings_from().models).load("champion")
"""


def test_a_loaded_model_leaves_no_trace_outside_its_folders(tmp_path: Path) -> None:
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    home.mkdir()
    scratch.mkdir()
    # A CI server's environment alone would silence it.
    quiet = {"CI", "ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED", "XDG_CACHE_HOME"}
    kept = {name: value for name, value in os.environ.items() if name not in quiet}

    subprocess.run(
        [sys.executable, "-c", LOADS],
        env={**kept, "HOME": str(home), "TMPDIR": str(scratch)},
        check=True,
        timeout=120,
    )

    assert not [path.name for path in home.rglob("*") if "onnx" in path.name.lower()]
    assert list(scratch.iterdir()) == []
