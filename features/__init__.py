"""Pure football: events fold into match and team state, state gives a feature vector.

Only schemas, msgspec and numpy may come in; no stream, no server, no clock, no randomness.
"""

from features.catalogue import CATALOGUE, FEATURE_HASH, FEATURE_NAMES, TEAM_FEATURES, Feature
from features.codec import StateVersionError
from features.fold import fold
from features.state import MatchState, PoolState, TeamState
from features.vector import write_vector
from features.words import words
from features.world import World

__all__ = [
    "CATALOGUE",
    "FEATURE_HASH",
    "FEATURE_NAMES",
    "TEAM_FEATURES",
    "Feature",
    "MatchState",
    "PoolState",
    "StateVersionError",
    "TeamState",
    "World",
    "fold",
    "words",
    "write_vector",
]
