"""A league that was never played: drawn from a seed, told like a real feed, marked as simulated."""

from producers.simulate.feed import SOURCE, read, rows
from producers.simulate.league import COMPETITION, POOL

__all__ = ["COMPETITION", "POOL", "SOURCE", "read", "rows"]
