"""The mirror follows a real Redis: through its changes, its restart and its absence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.dashboard.bodies import MATCH_ID
from tests.dashboard.reading import PATH, shows

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


def is_fresh(client: httpx.AsyncClient, freshness: str) -> Callable[[], Any]:
    async def is_told() -> bool:
        return bool((await client.get("/readyz")).json()["freshness"] == freshness)

    return is_told


async def test_a_change_in_any_partition_is_followed(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    valkey.commit(forecast(revision=1))
    async with served(partitions=3) as client:
        valkey.commit(forecast(revision=2), partition=2)
        await until(shows(client, '"1-2"'))

        valkey.commit(forecast(revision=3), partition=0)
        await until(shows(client, '"1-3"'))


async def test_a_late_older_forecast_never_replaces_a_newer_one(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    other = "e0-2024-25-everton-fulham-1"
    valkey.commit(forecast(revision=5))
    async with served() as client:
        valkey.commit(forecast(revision=4), forecast(other))

        async def other_is_there() -> bool:
            return bool((await client.get("/readyz")).json()["matches"] == 2)

        await until(other_is_there)
        answer = await client.get(PATH)

    assert answer.headers["etag"] == '"1-5"'


async def test_a_body_that_is_no_forecast_is_counted_and_the_stream_goes_on(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    async with served() as client:
        valkey.call("XADD", "sabi:{0}:changes", "*", "e", b"\xff{")
        valkey.call("XADD", "sabi:{0}:changes", "*", "other", "field")
        valkey.commit(forecast(revision=2))

        async def both_counted() -> bool:
            metrics = (await client.get("/metrics")).text
            return "sabiscore_mirror_unreadable_total 2.0" in metrics

        # Of its own: a read of the match may be answered by Redis before the stream is followed.
        await until(both_counted)
        await until(shows(client, '"1-2"'))


async def test_reads_go_on_while_redis_is_away_and_catch_up_when_it_is_back(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    valkey.commit(forecast(revision=1))
    async with served() as client:
        valkey.stop()
        await until(is_fresh(client, "stopped"))
        away = await client.get(PATH)
        unknown = await client.get("/v1/predictions/e0-2024-25-nobody-nowhere-1")
        ready = await client.get("/readyz")

        valkey.start()
        valkey.commit(forecast(revision=2))
        await until(shows(client, '"1-2"'))
        await until(is_fresh(client, "following"))

    assert (away.status_code, away.headers["sabi-freshness"]) == (200, "stopped")
    # Whether a match is known cannot be said now: that is no 404.
    assert (unknown.status_code, unknown.headers["retry-after"]) == (503, "2")
    assert ready.status_code == 200


async def test_a_redis_that_comes_back_empty_does_not_empty_the_mirror(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    valkey.commit(forecast(revision=1))
    async with served(reconcile_s=0.05) as client:
        valkey.call("FLUSHALL")
        other = forecast("e0-2024-25-everton-fulham-1")
        valkey.call("XADD", "sabi:{0}:changes", "*", "e", other)

        async def other_is_there() -> bool:
            return bool((await client.get("/readyz")).json()["matches"] == 2)

        await until(other_is_there)
        await until(is_fresh(client, "stopped"))
        answer = await client.get(PATH)
        valkey.commit(forecast(revision=2))
        await until(is_fresh(client, "following"))

    assert (answer.status_code, answer.headers["sabi-freshness"]) == (200, "stopped")


async def test_a_match_whose_key_is_gone_is_forgotten(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    valkey.commit(forecast(), forecast("e0-2024-25-everton-fulham-1"))
    async with served(reconcile_s=0.05) as client:
        valkey.call("DEL", f"pred:{MATCH_ID}")

        async def is_unknown() -> bool:
            return bool((await client.get(PATH)).status_code == 404)

        await until(is_unknown)


async def test_changes_trimmed_while_redis_was_away_are_made_up_for_by_the_keys(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    valkey.commit(forecast(revision=1))
    async with served() as client:
        valkey.stop()
        await until(is_fresh(client, "stopped"))
        valkey.start()
        valkey.call("SET", f"pred:{MATCH_ID}", forecast(revision=7))
        valkey.call("XTRIM", "sabi:{0}:changes", "MAXLEN", "0")

        await until(shows(client, '"1-7"'))


async def test_a_redis_that_went_back_in_time_is_noticed_and_nobody_reads_backwards(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    valkey.commit(forecast(revision=5))
    async with served(reconcile_s=0.05) as client:
        await until(shows(client, '"1-5"'))
        # As after a fail-over to a copy that lagged.
        valkey.call("SET", f"pred:{MATCH_ID}", forecast(revision=3))

        def ahead(count: int) -> Callable[[], Any]:
            async def is_told() -> bool:
                metrics = (await client.get("/metrics")).text
                return f"sabiscore_mirror_ahead_matches {count}.0" in metrics

            return is_told

        await until(ahead(1))
        assert (await client.get(PATH)).headers["etag"] == '"1-5"'

        valkey.commit(forecast(revision=4, epoch=2))
        await until(shows(client, '"2-4"'))
        await until(ahead(0))


async def test_changes_are_followed_while_many_keys_are_compared(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    valkey.commit(*[forecast(f"e0-2024-25-home{n:05}-away-1") for n in range(4_000)])
    async with served(reconcile_s=0.0) as client:
        for revision in range(2, 30):
            valkey.commit(forecast(f"e0-2024-25-home{revision:05}-away-1", revision=revision))

        async def all_there() -> bool:
            path = "/v1/predictions/e0-2024-25-home00029-away-1"
            return bool((await client.get(path)).headers.get("etag") == '"1-29"')

        await until(all_there)
        metrics = (await client.get("/metrics")).text

    assert "sabiscore_mirror_ahead_matches 0.0" in metrics


async def test_a_key_that_holds_no_forecast_is_told_as_a_fault_of_ours_and_counted(
    valkey: Any, served: Any
) -> None:
    async with served() as client:
        valkey.call("SET", f"pred:{MATCH_ID}", b"no forecast")
        answer = await client.get(PATH)
        metrics = (await client.get("/metrics")).text

    assert (answer.status_code, answer.json()["status"]) == (503, 503)
    assert 'sabiscore_reads_total{result="miss"} 1.0' in metrics
    assert "sabiscore_mirror_unreadable_total 0.0" not in metrics


async def test_who_was_away_while_a_match_went_is_told_to_read_again(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    other = "e0-2024-25-everton-fulham-1"
    valkey.commit(forecast(), forecast(other))
    async with served(reconcile_s=0.05) as client:
        position = (await client.get("/v1/predictions")).headers["Sabi-Position"]
        valkey.call("DEL", f"pred:{other}")

        async def is_gone() -> bool:
            return bool((await client.get("/v1/predictions")).json()["total"] == 1)

        await until(is_gone)
        told = []
        async with client.stream("GET", "/v1/stream", params={"since": position}) as answer:
            async for line in answer.aiter_lines():
                told.append(line)
                if line.startswith("event: resync"):
                    break

    assert "event: resync" in told


async def test_a_head_of_the_stream_takes_no_place_and_limits_of_any_size_are_clamped(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())
    async with served(stream_clients_per_address=1) as client:
        heads = [await client.head("/v1/stream") for _ in range(3)]
        listed = await client.get("/v1/predictions", params={"limit": "9" * 40})

    assert {answer.status_code for answer in heads} == {200}
    assert heads[0].headers["content-type"].startswith("text/event-stream")
    assert (listed.status_code, listed.json()["count"]) == (200, 1)


async def test_a_team_whose_name_fits_into_no_slug_is_found_by_its_name(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast(home_team="Динамо Киев"), forecast("e0-2024-25-x-y-1"))
    async with served() as client:
        teams = (await client.get("/v1/teams")).json()["teams"]
        found = await client.get("/v1/predictions", params={"team": "Динамо Киев"})
        wrong = await client.get("/v1/predictions", params={"team": "Man United"})

    assert "Динамо Киев" in {team["id"] for team in teams}
    assert [each["home_team"] for each in found.json()["predictions"]] == ["Динамо Киев"]
    assert wrong.status_code == 422
