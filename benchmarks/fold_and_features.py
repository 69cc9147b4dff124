"""Measures folding and vectors, in microseconds an event, on a folder of football-data files.

python benchmarks/fold_and_features.py ../shared/football/football-data.co.uk
"""

from __future__ import annotations

import gc
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from features import FEATURE_NAMES, World, fold, write_vector
from features.newcomer import entering
from features.team_part import own_columns, pool_columns
from features.vector import rest_columns
from producers import football_data

RUNS = 3
REPEATS = 20_000


def main(folder: Path) -> None:
    """Print the best of three runs, and what each group of columns costs."""
    events = list(football_data.read(folder, report=print))
    gc.collect()
    # The list of all events is ours, not the program's: keep the collector from walking it.
    gc.freeze()
    row = np.empty(len(FEATURE_NAMES))
    fastest = float("inf")
    world = World.load({})
    for _ in range(RUNS):
        world = World.load({})
        began = time.process_time()
        for number, event in enumerate(events):
            for match_id in fold(world, event):
                write_vector(world, match_id, row)
            if not number % 256:
                world.take_changes()
        fastest = min(fastest, time.process_time() - began)
    print(f"{len(events)} events: {fastest / len(events) * 1e6:.1f} µs an event, state encoded")
    _groups(world)


def _groups(world: World) -> None:
    match = next(match for match in world.matches.values() if match.finished)
    pool, table = world.pool(match.pool), world.tables.get(match.pool)
    home, away = (
        entering(pool, world.teams[key], match.competition, match.season, match.kick_off)
        for key in (match.home_key, match.away_key)
    )
    groups = {
        "teams": partial(own_columns, match, home, away),
        "teams and pool": partial(pool_columns, pool, table, match, home, away),
        "market and play": partial(rest_columns, match),
    }
    for name, made in groups.items():
        began = time.process_time()
        for _ in range(REPEATS):
            made()
        print(f"{name}: {(time.process_time() - began) / REPEATS * 1e6:.1f} µs")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
