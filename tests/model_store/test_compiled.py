from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
from model_store.skellam import margin_below, outcome_probabilities
home, draw, away = outcome_probabilities(1.5, 1.0)
assert home > away and abs(home + draw + away - 1) < 1e-9
hits = outcome_probabilities.stats.cache_hits
print(len(margin_below.stats.cache_path or ""), sum(hits.values()))
"""


def _run(cache: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    kept_in, hits = done.stdout.split()
    return int(hits), kept_in


def test_what_one_process_compiled_the_next_one_loads(tmp_path: Path) -> None:
    first, _ = _run(tmp_path)

    again, _ = _run(tmp_path)

    assert (first, again) == (0, 1)


def test_without_a_folder_to_write_in_it_is_compiled_each_time(tmp_path: Path) -> None:
    no_folder = tmp_path / "file"
    no_folder.write_text("")

    _run(no_folder)
    again, kept_in = _run(no_folder)

    assert (again, kept_in) == (0, "0")


def test_damaged_code_on_disk_is_compiled_again(tmp_path: Path) -> None:
    _run(tmp_path)
    for kept in tmp_path.rglob("*.nb?"):
        kept.write_bytes(b"")

    _run(tmp_path)
    again, _ = _run(tmp_path)

    assert again == 1
