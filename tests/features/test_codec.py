from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import MatchState, PoolState, StateVersionError, TeamState, World
from features.codec import decode_state, encode_state
from schemas.errors import SabiscoreError
from tests.features.story import fixture, full_time, odds, stored, world_after

_WORLD = world_after(fixture("m1", "Arsenal", "Chelsea"), odds("m1"), full_time("m1", 2, 1))
_RAW = encode_state(_WORLD.matches["m1"])


@given(st.builds(TeamState))
def test_a_team_is_read_as_it_was_written(team: TeamState) -> None:
    raw = encode_state(team)

    again = decode_state(raw, TeamState)

    assert encode_state(again) == raw
    assert again.key == team.key


def test_a_match_is_read_as_it_was_written() -> None:
    again = decode_state(_RAW, MatchState)

    assert encode_state(again) == _RAW
    assert again.books == _WORLD.matches["m1"].books


def test_a_pool_is_read_as_it_was_written() -> None:
    pool = _WORLD.pools["england"]

    assert decode_state(encode_state(pool), PoolState) == pool


def test_state_of_a_newer_version_is_refused() -> None:
    newer = bytes([_RAW[0] + 1]) + _RAW[1:]

    with pytest.raises(StateVersionError, match="version 3, this program reads up to 2"):
        decode_state(newer, MatchState)
    assert issubclass(StateVersionError, SabiscoreError)


@pytest.mark.parametrize("raw", [b"", b"\x01abc", _RAW[:-3], _RAW[:1] + b"\xc1"])
def test_damaged_state_is_refused(raw: bytes) -> None:
    with pytest.raises(StateVersionError):
        decode_state(raw, MatchState)


def test_a_field_that_we_do_not_know_is_refused() -> None:
    fields = stored(_WORLD) | {b"x:1": b"\x01"}

    with pytest.raises(StateVersionError, match="unknown field"):
        World.load(fields)
