"""Exact counts through everything that can fail, for as many seeds as there is time.

python benchmarks/faults.py [--seeds 50] [--first 0]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.faust_redis.storm import FAULTS, outcome


def main() -> int:
    """The number of seeds whose counts were not exact."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--seeds", type=int, default=50)
    flags.add_argument("--first", type=int, default=0)
    given = flags.parse_args()
    wrong = 0
    for seed in range(given.first, given.first + given.seeds):
        faults = random.Random(seed).sample(FAULTS, len(FAULTS))
        began_s = time.monotonic()
        found = outcome(seed, faults)
        wrong += found != "exact"
        print(f"seed {seed}: {found}, in {time.monotonic() - began_s:.0f} s", flush=True)
    print(f"{given.seeds - wrong} of {given.seeds} seeds exact")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
