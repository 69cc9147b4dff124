"""A league that was never played: drawn from a seed, told like a real feed, marked as simulated."""

from producers.simulate.failures import FAILURES
from producers.simulate.feed import SOURCE, League, league, read, rows
from producers.simulate.fixture_list import COMPETITION, POOL
from producers.simulate.spoiling import spoil

__all__ = ["COMPETITION", "FAILURES", "POOL", "SOURCE", "League", "league", "read", "rows", "spoil"]
