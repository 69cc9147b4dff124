from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from features import World, fold
from producers import simulate
from producers.publish import RawRecord
from producers.simulate import FAILURES, spoil
from schemas.errors import MalformedEventError, RejectedEventError, SettingsError
from schemas.events import AnyEvent, decode_event, encode_event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from features import MatchState

START = dt.date(2024, 8, 9)
# A fold may take the first result for good; whether it takes back a result is the fold's to prove.
OF_RATINGS = {"corrected_result", "late_result"}
SET_ASIDE = {"malformed": MalformedEventError, "renamed": RejectedEventError}


@pytest.fixture(scope="module")
def clean() -> list[AnyEvent]:
    """Some weeks of a league, whole matches only."""
    events = list(simulate.read(7, start=START))
    last = START + dt.timedelta(weeks=6)
    early = {e.subject for e in events if "kick_off" in dir(e.data) and e.time.date() < last}
    return [event for event in events if event.subject in early or event.time.date() < last]


def folded(told: Iterable[AnyEvent | RawRecord]) -> tuple[World, Counter[type[Exception]]]:
    """Fold as the agent does: what cannot be read or folded is set aside."""
    world, set_aside = World.load({}), Counter[type[Exception]]()
    for one in told:
        raw = one.body if isinstance(one, RawRecord) else encode_event(one)
        try:
            fold(world, decode_event(raw))
        except (MalformedEventError, RejectedEventError) as error:
            set_aside[type(error)] += 1
    return world, set_aside


def ending(match: MatchState) -> tuple[object, ...]:
    market = match.market
    return (
        *(match.status, match.minute, match.home_score, match.away_score),
        *(match.home_reds, match.away_reds, match.kick_off, match.degraded, match.stale),
        None if market is None else (market.p_home, market.p_draw, market.suspended),
    )


def endings(world: World) -> dict[str, tuple[object, ...]]:
    return {match_id: ending(match) for match_id, match in world.matches.items()}


@pytest.mark.parametrize("name", sorted(FAILURES))
def test_every_failure_is_put_right_in_the_end(name: str, clean: list[AnyEvent]) -> None:
    expected, _ = folded(clean)

    told = list(spoil(clean, 0.3, seed=1, failures=[name]))
    world, set_aside = folded(told)

    assert told != clean
    assert endings(world) == endings(expected)
    assert set(set_aside) == ({SET_ASIDE[name]} if name in SET_ASIDE else set())
    if name not in OF_RATINGS:
        assert world.teams == expected.teams


@pytest.mark.parametrize("seed", range(3))
def test_all_failures_together_are_put_right_too(seed: int, clean: list[AnyEvent]) -> None:
    expected, _ = folded(clean)

    world, _ = folded(spoil(clean, 0.05, seed=seed))

    assert endings(world) == endings(expected)


def test_a_rate_of_zero_is_the_clean_log(clean: list[AnyEvent]) -> None:
    assert list(spoil(clean, 0.0, seed=1)) == clean


def test_the_same_seed_spoils_alike_and_another_seed_otherwise(clean: list[AnyEvent]) -> None:
    first, again, other = (list(spoil(clean, 0.1, seed=seed)) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_what_arrives_bears_an_id_of_its_own_unless_it_is_the_same(clean: list[AnyEvent]) -> None:
    known: dict[tuple[str, str], bytes] = {}

    for one in spoil(clean, 0.1, seed=3):
        raw = one.body if isinstance(one, RawRecord) else encode_event(one)
        assert known.setdefault((one.source, one.id), raw) == raw


def test_a_match_is_in_doubt_while_it_is_wrongly_told(clean: list[AnyEvent]) -> None:
    quality = Counter[str]()
    world = World.load({})

    for one in spoil(clean, 0.3, seed=1, failures=["silent", "suspended"]):
        assert not isinstance(one, RawRecord)
        for match_id in fold(world, one):
            quality[world.matches[match_id].quality.value] += 1

    assert quality["stale"] > 0
    assert quality["suspended"] > 0


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_a_rate_that_is_no_share_is_refused(rate: float) -> None:
    with pytest.raises(SettingsError, match="no share"):
        spoil([], rate, seed=1)


def test_an_unknown_failure_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="'flood' is no failure"):
        spoil([], 0.1, seed=1, failures=["flood"])
