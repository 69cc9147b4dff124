"""State as bytes: one version byte, then msgpack. We write version 1 and refuse newer ones."""

from __future__ import annotations

from typing import TypeVar, cast

import msgspec

from features.state import MatchState, PoolState, TeamState
from schemas.errors import SabiscoreError

VERSION = 1
"""The version written; this and the one before are read (there is none before 1)."""

State = TypeVar("State", MatchState, TeamState, PoolState)

_PREFIX = bytes([VERSION])
# Sorted keys: two worlds that are equal have equal bytes, in whatever order they grew.
_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoders = {kind: msgspec.msgpack.Decoder(kind) for kind in (MatchState, TeamState, PoolState)}


class StateVersionError(SabiscoreError):
    """Stored state that this version of the program cannot read."""


def encode_state(state: MatchState | TeamState | PoolState) -> bytes:
    """Write *state*; equal states give equal bytes."""
    return _PREFIX + _encoder.encode(state)


def decode_state(raw: bytes, kind: type[State]) -> State:
    """Read what :func:`encode_state` wrote.

    Raises:
        StateVersionError: When *raw* is empty, of a newer version, or damaged.
    """
    if not raw:
        raise StateVersionError(f"stored {kind.__name__} is empty; rebuild it by a replay")
    if raw[0] > VERSION:
        raise StateVersionError(
            f"stored {kind.__name__} has version {raw[0]}, this program reads up to {VERSION}; "
            "start the newer program, or rebuild the state by a replay"
        )
    if raw[0] != VERSION:
        raise StateVersionError(f"stored {kind.__name__} has version {raw[0]}, which is unknown")
    try:
        return cast("State", _decoders[kind].decode(memoryview(raw)[1:]))
    except msgspec.DecodeError as error:
        raise StateVersionError(f"stored {kind.__name__} is damaged: {error}") from error
