"""How a match's forecast moved: from Postgres, from what was followed, and from both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.followed import Followed
from dashboard.timeline import is_complete, merged, points_of
from schemas.forecast import MarketView, Score
from tests.dashboard.rows import asked_for_a_match, forget, record

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

MATCH_ID = "e0-2024-25-arsenal-chelsea-1"
PATH = f"/v1/matches/{MATCH_ID}/timeline"


def revisions(told: dict[str, Any]) -> list[int]:
    return [point["revision"] for point in told["points"]]


async def test_a_point_tells_the_forecast_the_market_and_the_reason(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast(status="live", minute=70, score=Score(2, 1)))

    async with served() as client:
        answer = await client.get(PATH)

    told = answer.json()
    assert answer.headers["etag"] == 'W/"1-1-1"'
    assert (told["home_team"], told["kick_off"]) == ("Arsenal", "2025-05-24T14:00:00Z")
    assert told["complete"]
    (point,) = told["points"]
    assert (point["minute"], point["score"]) == (70, {"home": 2, "away": 1})
    assert (point["home"], point["draw"], point["away"]) == (0.52, 0.26, 0.22)
    assert point["market"] == {"home": 0.5, "draw": 0.27, "away": 0.23}
    assert point["delta"] == {"home": 0.01, "draw": 0.0, "away": -0.01}
    assert point["cause"]["words"] == "Odds moved: avg"
    assert (point["quality"], point["model"]) == ("fresh", "champion@1")


async def test_every_revision_that_was_followed_is_a_point(
    valkey: Any, forecast: Any, served: Any, until: Callable[[Any], Any]
) -> None:
    valkey.commit(forecast(revision=1))
    async with served() as client:
        for revision in (2, 3, 4):
            valkey.commit(forecast(revision=revision))

        async def all_are_told() -> bool:
            return revisions((await client.get(PATH)).json()) == [1, 2, 3, 4]

        await until(all_are_told)
        told = (await client.get(PATH)).json()

    assert told["complete"]


async def test_what_was_published_before_we_began_comes_from_postgres(
    valkey: Any,
    forecast: Any,
    served: Any,
    until: Callable[[Any], Any],
    postgres_url: str,
    namespace: str,
) -> None:
    history = [forecast(revision=revision) for revision in range(1, 6)]
    record(postgres_url, namespace, *history)
    record(postgres_url, "another-run", forecast(revision=9))
    valkey.commit(history[-1], namespace=namespace)

    async with served(namespace=namespace, database_url=postgres_url) as client:
        before = (await client.get(PATH)).json()
        # Followed, and not yet recorded.
        valkey.commit(forecast(revision=6), namespace=namespace)

        async def the_sixth_is_told() -> bool:
            return revisions((await client.get(PATH)).json()) == [1, 2, 3, 4, 5, 6]

        await until(the_sixth_is_told)
        record_later = forecast(revision=6)
        record(postgres_url, namespace, record_later)
        after = (await client.get(PATH)).json()

    assert (revisions(before), before["complete"]) == ([1, 2, 3, 4, 5], True)
    assert (revisions(after), after["complete"]) == ([1, 2, 3, 4, 5, 6], True)


async def test_a_match_that_redis_has_forgotten_still_has_its_timeline(
    valkey: Any, forecast: Any, served: Any, postgres_url: str, namespace: str
) -> None:
    assert valkey.call("DBSIZE") == 0
    record(postgres_url, namespace, forecast(revision=1), forecast(revision=2))

    async with served(namespace=namespace, database_url=postgres_url) as client:
        told = (await client.get(PATH)).json()

    assert (revisions(told), told["complete"]) == ([1, 2], True)


async def test_without_postgres_the_newest_is_told_and_that_the_rest_is_missing(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast(revision=7))

    async with served(database_url="postgresql://nobody@127.0.0.1:1/none") as client:
        told = (await client.get(PATH)).json()
        unknown = await client.get("/v1/matches/e0-2024-25-nobody-nowhere-1/timeline")

    assert (revisions(told), told["complete"]) == ([7], False)
    # Whether such a match was ever recorded cannot be said now: that is no 404.
    assert (unknown.status_code, unknown.headers["retry-after"]) == (503, "2")


async def test_the_past_of_a_match_in_play_is_in_memory_before_anybody_asks(
    valkey: Any,
    forecast: Any,
    served: Any,
    until: Callable[[Any], Any],
    postgres_url: str,
    namespace: str,
) -> None:
    record(postgres_url, namespace, forecast(revision=1), forecast(revision=2, status="live"))
    valkey.commit(forecast(revision=2, status="live"), namespace=namespace)

    async def is_recalled() -> bool:
        return asked_for_a_match(postgres_url)

    async with served(namespace=namespace, database_url=postgres_url, recall_s=0.02) as client:
        await until(is_recalled)
        forget(postgres_url, namespace)
        valkey.commit(forecast(revision=3, status="live"), namespace=namespace)

        async def the_third_is_told() -> bool:
            return revisions((await client.get(PATH)).json())[-1:] == [3]

        await until(the_third_is_told)
        told = (await client.get(PATH)).json()

    assert (revisions(told), told["complete"]) == ([1, 2, 3], True)


async def test_an_earlier_epoch_is_asked_for_though_this_one_is_complete(
    valkey: Any, forecast: Any, served: Any, postgres_url: str, namespace: str
) -> None:
    record(postgres_url, namespace, forecast(revision=1), forecast(revision=2))
    valkey.commit(forecast(epoch=2, revision=1), namespace=namespace)

    async with served(namespace=namespace, database_url=postgres_url) as client:
        told = (await client.get(PATH)).json()

    assert [(point["epoch"], point["revision"]) for point in told["points"]] == [
        (1, 1),
        (1, 2),
        (2, 1),
    ]


async def test_an_unchanged_timeline_is_not_sent_again(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())

    async with served() as client:
        etag = (await client.get(PATH)).headers["etag"]
        again = await client.get(PATH, headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("match_id", ["e0-2024-25-nobody-nowhere-1", "NOT A SLUG", "%00"])
async def test_a_timeline_of_no_match_is_unknown(
    served: Any, match_id: str, postgres_url: str, namespace: str
) -> None:
    async with served(namespace=namespace, database_url=postgres_url) as client:
        answer = await client.get(f"/v1/matches/{match_id}/timeline")

    assert answer.status_code == 404
    assert "/v1/predictions" in answer.json()["detail"]


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(1, 9)), unique=True), st.randoms())
def test_points_are_each_told_once_and_in_order_however_they_arrive(
    versions: list[tuple[int, int]], shuffle: random.Random
) -> None:
    bodies = [body(*version) for version in versions]
    twice = [*bodies, *bodies]
    shuffle.shuffle(twice)

    points = merged(points_of(bodies), points_of(twice))

    assert [point.version for point in points] == sorted(versions)


@pytest.mark.parametrize(
    ("versions", "complete"),
    [
        ([], False),
        ([(1, 1)], True),
        ([(1, 1), (1, 2), (1, 3)], True),
        ([(1, 2), (1, 3)], False),
        ([(1, 1), (1, 3)], False),
        # A fail-over to an older copy tells some revisions again, in another epoch.
        ([(1, 1), (1, 2), (1, 3), (2, 2), (2, 3)], True),
        ([(1, 1), (2, 3)], False),
    ],
)
def test_a_timeline_is_complete_when_no_revision_is_left_out(
    versions: list[tuple[int, int]],
    complete: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    points = points_of([body(*version) for version in versions])

    assert is_complete(points) is complete


def test_what_was_followed_longest_ago_makes_room() -> None:
    followed = Followed(most=3)

    for match_id, raw in (("a", b"1"), ("b", b"2"), ("a", b"3"), ("b", b"4"), ("b", b"5")):
        followed.add(match_id, raw)

    assert followed.of("a") == [b"3"]
    assert followed.of("b") == [b"4", b"5"]
    assert followed.of("c") == []


def body(epoch: int, revision: int) -> bytes:
    market = MarketView(0.5, 0.3, 0.2, "avg", "closing", None)  # type: ignore[arg-type]
    return msgspec.json.encode(
        {
            "epoch": epoch,
            "revision": revision,
            "as_of": "2025-05-24T12:00:00Z",
            "status": "live",
            "minute": 1,
            "score": {"home": 0, "away": 0},
            "home": 0.5,
            "draw": 0.3,
            "away": 0.2,
            "market": market,
            "delta": {"home": 0.0, "draw": 0.0, "away": 0.0},
            "cause": {"event_id": "1", "type": "odds.changed", "words": "Odds moved"},
            "quality": "fresh",
            "model": "default@1",
        }
    )
