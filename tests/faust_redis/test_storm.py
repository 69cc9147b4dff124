"""Counts are exact whatever fails; and each shortcut that would not be exact is noticed."""

from __future__ import annotations

import random

import pytest

from tests.faust_redis.storm import FAULTS, MUTANTS, exact, outcome

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(5))
def test_every_word_is_counted_once_through_all_that_can_fail(seed: int) -> None:
    faults = random.Random(seed).sample(FAULTS, len(FAULTS))

    assert outcome(seed, faults) == "exact"


@pytest.mark.parametrize(("mutant", "faults"), MUTANTS.items())
def test_a_transport_that_takes_a_shortcut_is_caught(mutant: str, faults: list[str]) -> None:
    assert any(not exact(seed, faults, f"mutant_{mutant}", 2) for seed in range(3))
