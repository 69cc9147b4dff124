"""State as bytes: one version byte, then msgpack. We write version 2 and refuse newer ones."""

from __future__ import annotations

from typing import TypeAlias, TypeVar, cast

import msgspec

from features.state import MatchState, PoolState, Table, TeamState
from schemas.errors import SabiscoreError

VERSION = 2
"""The version written and read. Version 1 was never released; version 3 is to read 2 as well."""

AnyState: TypeAlias = MatchState | TeamState | PoolState | Table
State = TypeVar("State", MatchState, TeamState, PoolState, Table)

_PREFIX = bytes([VERSION])
# Sorted keys: two worlds that are equal have equal bytes, in whatever order they grew.
_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoders = {
    kind: msgspec.msgpack.Decoder(kind) for kind in (MatchState, TeamState, PoolState, Table)
}


class StateVersionError(SabiscoreError):
    """Stored state that this version of the program cannot read."""


def encode_state(state: AnyState) -> bytes:
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
        raise StateVersionError(
            f"stored {kind.__name__} has version {raw[0]}, which is no longer read; "
            "rebuild the state by a replay"
        )
    try:
        return cast("State", _decoders[kind].decode(memoryview(raw)[1:]))
    except msgspec.DecodeError as error:
        raise StateVersionError(f"stored {kind.__name__} is damaged: {error}") from error
