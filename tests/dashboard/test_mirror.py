"""The pure core: newest wins, nothing goes back."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.audience import Subscription
from dashboard.hub import Freshness, Hub
from dashboard.mirror import Mirror
from dashboard.query import Query

MATCH_ID = "e0-2024-25-arsenal-chelsea-1"
BODY = (
    b'{"match_id":"%s","competition":"e0","kick_off":"2025-05-24T14:00:00Z","status":"%s",'
    b'"home_team":"Arsenal","away_team":"Chelsea",'
    b'"epoch":%d,"revision":%d,"as_of":"2025-05-24T12:00:00Z"}'
)


def body(match_id: str, epoch: int, revision: int, status: str = "live") -> bytes:
    return BODY % (match_id.encode(), status.encode(), epoch, revision)


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 3), st.integers(1, 5)), max_size=40
    )
)
def test_the_mirror_holds_the_newest_of_any_order_and_never_goes_back(
    arrivals: list[tuple[str, int, int]],
) -> None:
    mirror = Mirror()
    held: dict[str, tuple[int, int]] = {}

    for match_id, epoch, revision in arrivals:
        mirror.apply(body(match_id, epoch, revision))
        entry = mirror.get(match_id)
        assert entry is not None
        assert entry.head.version >= held.get(match_id, (0, 0))
        held[match_id] = entry.head.version

    for match_id, version in held.items():
        assert version == max((e, r) for m, e, r in arrivals if m == match_id)


def test_a_new_epoch_wins_over_a_higher_revision() -> None:
    mirror = Mirror()
    mirror.apply(body("a", 1, 90))

    change = mirror.apply(body("a", 2, 1))

    assert change is not None
    assert change.now is mirror.get("a")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"\xff",
        b"null",
        b'{"match_id":1}',
        # A time without an offset could not be put in order beside the others.
        body("a", 1, 1).replace(b"14:00:00Z", b"14:00:00"),
    ],
)
def test_bytes_that_are_no_forecast_change_nothing(raw: bytes) -> None:
    mirror = Mirror()

    with pytest.raises(msgspec.DecodeError):
        mirror.apply(raw)

    assert len(mirror) == 0


async def test_a_slow_client_is_told_only_the_newest_of_each_match() -> None:
    hub = Hub(clock=lambda: 0.0)
    subscription = Subscription(Query())
    hub.subscriptions.add(subscription)
    for revision in range(1, 1_001):
        hub.take(body(random.choice("abc"), 1, revision))
    newest = {entry.head.match_id: entry for entry in hub.mirror}

    told = await subscription.take()

    assert {change.match_id: change.now for change in told} == newest
    assert len(told) == 3


async def test_a_client_is_told_when_a_match_leaves_what_it_asked_for() -> None:
    hub = Hub(clock=lambda: 0.0)
    subscription = Subscription(Query(status="live"))
    hub.take(body("a", 1, 1, "live"))
    hub.subscriptions.add(subscription)

    hub.take(body("a", 1, 2, "finished"))
    hub.take(body("b", 1, 1, "scheduled"))

    assert [change.match_id for change in await subscription.take()] == ["a"]


def test_what_a_client_missed_is_the_newest_of_each_match_since_its_position() -> None:
    hub = Hub(clock=lambda: 0.0)
    hub.take(body("a", 1, 1))
    position = hub.position
    hub.take(body("b", 1, 1))
    hub.take(body("a", 1, 2))
    hub.take(body("b", 1, 2))

    missed = hub.missed(position, Query())

    assert missed is not None
    assert [(c.match_id, c.now and c.now.head.revision) for c in missed] == [("a", 2), ("b", 2)]
    assert hub.missed(hub.position, Query()) == []


@pytest.mark.parametrize("position", ["", "x", "00000000-1", "-", "00000000-", "é-²"])
def test_a_position_of_another_process_is_not_guessed_at(position: str) -> None:
    hub = Hub(clock=lambda: 0.0)

    assert hub.missed(position, Query()) is None


def test_age_counts_from_the_last_word_of_redis_and_only_while_it_is_away() -> None:
    now_s = [0.0]
    hub = Hub(clock=lambda: now_s[0])
    hub.heard()
    now_s[0] = 3.0
    following = hub.age_s
    hub.lost()
    now_s[0] = 12.0

    assert (following, hub.age_s, hub.freshness) == (0.0, 12.0, Freshness.STOPPED)


def test_a_mirror_never_filled_is_filling_however_often_redis_fails() -> None:
    hub = Hub(clock=lambda: 0.0)

    hub.lost()

    assert (hub.freshness, hub.filled) == (Freshness.FILLING, False)


def test_a_match_forgotten_may_be_announced_anew() -> None:
    mirror = Mirror()
    mirror.apply(body("a", 1, 9))

    gone: list[Any] = mirror.drop(["a", "never-there"])

    assert [change.match_id for change in gone] == ["a"]
    assert mirror.apply(body("a", 1, 1)) is not None


def test_a_mirror_that_nobody_tells_anything_does_not_look_fresh() -> None:
    now_s = [0.0]
    hub = Hub(clock=lambda: now_s[0])
    hub.heard()

    now_s[0] = 3.9
    patient = (hub.freshness, hub.age_s)
    now_s[0] = 4.1
    # Nothing said that Redis was lost: the task that follows hangs, or is no more.
    hanging = (hub.freshness, hub.age_s)

    assert patient == (Freshness.FOLLOWING, 0.0)
    assert hanging == (Freshness.STOPPED, 4.1)


def test_what_postgres_recorded_is_as_old_as_its_newest_row_until_redis_is_heard() -> None:
    now_s = [100.0]
    hub = Hub(clock=lambda: now_s[0])

    hub.recalled(30.0)
    hub.lost()
    now_s[0] = 105.0
    recorded = (hub.freshness, hub.age_s, hub.filled)
    hub.heard()

    assert recorded == (Freshness.RECORDED, 35.0, True)
    assert (hub.freshness, hub.age_s) == (Freshness.FOLLOWING, 0.0)
