"""One match, many matches, and what is said of those that are not there."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest

from schemas import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

MATCH_ID = "e0-2024-25-arsenal-chelsea-1"


async def test_the_body_is_the_very_bytes_of_the_key(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast(revision=7))

    async with served() as client:
        answer = await client.get(f"/v1/predictions/{MATCH_ID}")

    assert answer.content == valkey.call("GET", f"pred:{MATCH_ID}")
    assert answer.headers["etag"] == '"1-7"'
    assert answer.headers["age"] == "0"
    assert answer.headers["sabi-freshness"] == "following"


async def test_bytes_of_a_foreign_writer_are_handed_on_as_they_are(
    valkey: Any, forecast: Any, served: Any
) -> None:
    spaced = forecast().replace(b'"epoch":1', b'"epoch" :  1')
    valkey.commit(spaced)

    async with served() as client:
        answer = await client.get(f"/v1/predictions/{MATCH_ID}")

    assert answer.content == spaced


@pytest.mark.parametrize("held", ['"1-7"', 'W/"1-7"', '"1-6", "1-7"', "*"])
async def test_a_reader_that_holds_the_newest_gets_no_body(
    valkey: Any, forecast: Any, served: Any, held: str
) -> None:
    valkey.commit(forecast(revision=7))

    async with served() as client:
        answer = await client.get(f"/v1/predictions/{MATCH_ID}", headers={"If-None-Match": held})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == '"1-7"'


async def test_a_reader_that_holds_an_older_revision_gets_the_newest(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast(revision=7))

    async with served() as client:
        answer = await client.get(f"/v1/predictions/{MATCH_ID}", headers={"If-None-Match": '"1-6"'})

    assert answer.status_code == 200


async def test_a_forecast_that_the_mirror_has_not_heard_of_is_read_from_redis(
    valkey: Any, forecast: Any, served: Any
) -> None:
    async with served() as client:
        # Only the key, and no change: the mirror cannot know.
        valkey.call("SET", f"pred:{MATCH_ID}", forecast(revision=3))
        answer = await client.get(f"/v1/predictions/{MATCH_ID}")
        metrics = (await client.get("/metrics")).text

    assert (answer.status_code, answer.headers["sabi-freshness"]) == (200, "direct")
    assert 'sabiscore_reads_total{result="hit"} 1.0' in metrics


@pytest.mark.parametrize(
    "match_id", ["e0-2024-25-arsenal-nobody-1", "NOT A SLUG", "..%2f..%2fetc", "%00", "pred:*"]
)
async def test_a_match_never_announced_is_unknown_and_the_answer_helps(
    valkey: Any, served: Any, match_id: str
) -> None:
    assert valkey.call("DBSIZE") == 0

    async with served() as client:
        answer = await client.get(f"/v1/predictions/{match_id}")
        metrics = (await client.get("/metrics")).text

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "/v1/predictions" in answer.json()["detail"]
    # A slash leads to another path, which is no read of a match at all.
    assert ('result="unknown"} 1.0' in metrics) is ("%2f" not in match_id)


async def test_a_known_match_without_a_forecast_is_counted_as_our_fault(
    valkey: Any, served: Any
) -> None:
    valkey.call("HSET", keys.stream("sabi", 1, keys.STATE), f"m:{MATCH_ID}", "x")

    async with served(partitions=2) as client:
        answer = await client.get(f"/v1/predictions/{MATCH_ID}")
        metrics = (await client.get("/metrics")).text

    assert answer.status_code == 503
    assert 'sabiscore_reads_total{result="miss"} 1.0' in metrics


async def test_matches_are_listed_by_kick_off_then_id(
    valkey: Any, forecast: Any, served: Any
) -> None:
    early = dt.datetime(2025, 5, 24, 11, 30, tzinfo=dt.UTC)
    bodies = [
        forecast("e0-2024-25-spurs-leeds-1"),
        forecast("e0-2024-25-everton-fulham-1"),
        forecast("d1-2024-25-koln-mainz-1", kick_off=early),
    ]
    valkey.commit(*bodies)

    async with served() as client:
        answer = await client.get("/v1/predictions")

    assert answer.content == (
        b'{"predictions":['
        + b",".join([bodies[2], bodies[1], bodies[0]])
        + b'],"count":3,"total":3,"next_cursor":null}'
    )


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"competition": "d1"}, ["d1-2024-25-koln-mainz-1"]),
        ({"status": "live"}, ["e0-2024-25-spurs-leeds-1"]),
        # Half past midnight in Berlin is still the day before in UTC.
        ({"date": "2025-05-24"}, ["e0-2024-25-spurs-leeds-1", "d1-2024-25-koln-mainz-1"]),
        ({"date": "2025-05-25"}, ["e0-2024-25-everton-fulham-1"]),
        (
            {"date": "2025-05-24", "competition": "d1", "status": "scheduled"},
            ["d1-2024-25-koln-mainz-1"],
        ),
        ({"competition": "sp1"}, []),
        ({"competition": "", "date": "", "status": "live"}, ["e0-2024-25-spurs-leeds-1"]),
    ],
)
async def test_matches_are_found_by_competition_day_and_status(
    valkey: Any, forecast: Any, served: Any, params: dict[str, str], found: list[str]
) -> None:
    berlin = dt.timezone(dt.timedelta(hours=2))
    valkey.commit(
        forecast("e0-2024-25-spurs-leeds-1", status="live"),
        forecast(
            "e0-2024-25-everton-fulham-1", kick_off=dt.datetime(2025, 5, 25, 14, tzinfo=dt.UTC)
        ),
        forecast(
            "d1-2024-25-koln-mainz-1", kick_off=dt.datetime(2025, 5, 25, 0, 30, tzinfo=berlin)
        ),
    )

    async with served() as client:
        answer = (await client.get("/v1/predictions", params=params)).json()

    assert [match["match_id"] for match in answer["predictions"]] == found


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"date": "24.05.2025"}, "date"),
        ({"date": "2025-02-30"}, "date"),
        ({"date": "20250524"}, "date"),
        ({"date": "\u0662\u0660\u0662\u0665-\u0660\u0665-\u0662\u0664"}, "date"),
        ({"status": "running"}, "status"),
        ({"competition": "E0*"}, "competition"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
    ],
)
async def test_a_malformed_field_is_named(served: Any, params: dict[str, str], field: str) -> None:
    async with served() as client:
        answer = await client.get("/v1/predictions", params=params)

    # 5,000 digits make the whole path too long, which is refused before it is read.
    if len(params[field]) > 4_096:
        assert answer.status_code == 414
        return
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field


@pytest.mark.parametrize(
    ("limit", "count"), [("2", 2), ("0", 1), ("-5", 1), ("999999", 3), ("", 3)]
)
async def test_a_limit_is_clamped_and_the_total_still_told(
    valkey: Any, forecast: Any, served: Any, limit: str, count: int
) -> None:
    valkey.commit(*[forecast(f"e0-2024-25-home{n}-away-1") for n in range(3)])

    async with served() as client:
        answer = (await client.get("/v1/predictions", params={"limit": limit})).json()

    assert (len(answer["predictions"]), answer["count"], answer["total"]) == (count, count, 3)


async def test_an_unchanged_list_is_not_sent_again(
    valkey: Any, forecast: Any, served: Any, until: Callable[[Any], Any]
) -> None:
    valkey.commit(forecast(revision=1))
    async with served() as client:
        etag = (await client.get("/v1/predictions")).headers["etag"]

        async def is_sent() -> bool:
            answer = await client.get("/v1/predictions", headers={"If-None-Match": etag})
            return bool(answer.status_code == 200)

        before = await is_sent()
        valkey.commit(forecast(revision=2))
        await until(is_sent)

    assert not before


async def test_the_overview_names_days_and_competitions(
    valkey: Any, forecast: Any, served: Any
) -> None:
    later = dt.datetime(2025, 5, 31, 14, tzinfo=dt.UTC)
    valkey.commit(
        forecast("e0-2024-25-spurs-leeds-1", status="live"),
        forecast("zz9-2024-25-koln-mainz-1", kick_off=later),
    )

    async with served() as client:
        answer = (await client.get("/v1/overview")).json()

    assert answer["current"] == "2025-05-24"
    assert answer["days"] == [
        {"date": "2025-05-24", "matches": 1, "live": 1},
        {"date": "2025-05-31", "matches": 1, "live": 0},
    ]
    assert [row["name"] for row in answer["competitions"]] == ["Premier League", "ZZ9"]


async def test_a_namespace_of_its_own_is_read_by_its_own_keys(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast(revision=1))
    valkey.commit(forecast(revision=9), namespace="replay-[1]*")

    async with served(namespace="replay-[1]*") as client:
        answer = await client.get(f"/v1/predictions/{MATCH_ID}")

    assert answer.headers["etag"] == '"1-9"'
    assert answer.headers["sabi-freshness"] == "following"


async def test_many_who_ask_for_what_there_is_not_do_not_stop_the_following(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())
    async with served() as known:
        answers = await asyncio.gather(*[_four_unknown(known.base_url, n) for n in range(100)])
        fresh = await known.get(f"/v1/predictions/{MATCH_ID}")

    assert [status for each in answers for status in each] == [b"404"] * 400
    assert fresh.headers["sabi-freshness"] == "following"


async def _four_unknown(address: httpx.URL, client: int) -> list[bytes]:
    """Statuses over a connection of its own; a pool's bookkeeping would hold up its own server."""
    asked = "".join(
        f"GET /v1/predictions/e0-2024-25-nobody-{client}-{n} HTTP/1.1\r\nHost: here\r\n"
        f"Connection: {'close' if n == 4 else 'keep-alive'}\r\n\r\n"
        for n in (1, 2, 3, 4)
    )
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(asked.encode())
    told = await reader.read(-1)
    writer.close()
    return re.findall(rb"HTTP/1.1 (\d+) ", told)
