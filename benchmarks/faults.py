"""Exact counts through everything that can fail, for as many seeds as there is time.

python benchmarks/faults.py [--seeds 50] [--first 0]
python benchmarks/faults.py --mutants [--seeds 3]

A mutant is the same transport with one guarantee taken out; each must be caught by one seed at
least, or the storms prove nothing.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.faust_redis.storm import FAULTS, MUTANTS, outcome


def storms(first: int, seeds: int) -> int:
    """The number of seeds whose counts were not exact."""
    wrong = 0
    for seed in range(first, first + seeds):
        faults = random.Random(seed).sample(FAULTS, len(FAULTS))
        began_s = time.monotonic()
        found = outcome(seed, faults)
        wrong += found != "exact"
        print(f"seed {seed}: {found}, in {time.monotonic() - began_s:.0f} s", flush=True)
    print(f"{seeds - wrong} of {seeds} seeds exact")
    return wrong


def mutants(seeds: int) -> int:
    """The number of mutants that no seed caught."""
    missed = 0
    for name, faults in MUTANTS.items():
        for seed in range(seeds):
            found = outcome(seed, faults, f"mutant_{name}", 2)
            if found != "exact":
                print(f"{name}: caught by seed {seed}, {found}", flush=True)
                break
        else:
            missed += 1
            print(f"{name}: not caught by {seeds} seeds", flush=True)
    print(f"{len(MUTANTS) - missed} of {len(MUTANTS)} mutants caught")
    return missed


def main() -> int:
    """What went wrong, as the exit code."""
    flags = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    flags.add_argument("--seeds", type=int, default=0, help="50, or 3 for the mutants")
    flags.add_argument("--first", type=int, default=0, help="the first seed")
    flags.add_argument("--mutants", action="store_true", help="storms over transports that cheat")
    given = flags.parse_args()
    if given.mutants:
        return mutants(given.seeds or 3)
    return storms(given.first, given.seeds or 50)


if __name__ == "__main__":
    sys.exit(main())
