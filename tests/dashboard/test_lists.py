"""Pages of matches, teams, competitions and models."""

from __future__ import annotations

import base64
import datetime as dt
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dashboard.hub import Hub
from dashboard.reads import Lists
from dashboard.snapshots import Snapshots
from tests.dashboard.bodies import made as forecast_body

if TYPE_CHECKING:
    import httpx

SHIPPED = Path(__file__).parents[2] / "model_store" / "shipped"
DAY = dt.datetime(2025, 5, 24, 14, 0, tzinfo=dt.UTC)


async def pages(client: httpx.AsyncClient, **params: Any) -> list[list[str]]:
    """The ids of every page, following the cursors."""
    found: list[list[str]] = []
    while True:
        answer = (await client.get("/v1/predictions", params=params)).json()
        found.append([match["match_id"] for match in answer["predictions"]])
        if answer["next_cursor"] is None:
            return found
        params["cursor"] = answer["next_cursor"]


async def test_pages_hold_every_match_once_and_in_order(
    valkey: Any, forecast: Any, served: Any
) -> None:
    # Three at each time, so that a page ends among matches of the same kick-off.
    ids = [f"e0-2024-25-home{n}-away-1" for n in range(9)]
    valkey.commit(
        *[forecast(ids[n], kick_off=DAY + dt.timedelta(hours=n // 3)) for n in (4, 0, 8, 2, 6, 1)],
        *[forecast(ids[n], kick_off=DAY + dt.timedelta(hours=n // 3)) for n in (3, 5, 7)],
    )

    async with served() as client:
        found = await pages(client, limit=4)

    assert found == [ids[:4], ids[4:8], ids[8:]]


async def test_a_page_goes_on_after_its_cursor_though_matches_came_between(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    valkey.commit(*[forecast(f"e0-2024-25-home{n}-away-1") for n in (1, 3, 5)])
    async with served() as client:
        first = (await client.get("/v1/predictions", params={"limit": 2})).json()
        valkey.commit(*[forecast(f"e0-2024-25-home{n}-away-1") for n in (0, 4)])

        async def all_are_held() -> bool:
            return bool((await client.get("/readyz")).json()["matches"] == 5)

        await until(all_are_held)
        rest = await pages(client, limit=2, cursor=first["next_cursor"])

    assert rest == [["e0-2024-25-home4-away-1", "e0-2024-25-home5-away-1"]]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "AAAA",
        "!!!!",
        base64.urlsafe_b64encode(b'["2025-05-24T14:00:00","a"]').decode(),
        base64.urlsafe_b64encode(b'["2025-05-24T14:00:00Z",7]').decode(),
        base64.urlsafe_b64encode(b"[]").decode(),
        base64.urlsafe_b64encode(b'"' + b"[" * 2000).decode(),
    ],
)
async def test_a_cursor_that_is_none_of_ours_is_named(served: Any, cursor: str) -> None:
    async with served() as client:
        answer = await client.get("/v1/predictions", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["field"]) == (422, "cursor")


async def test_a_team_s_matches_are_found_at_home_and_away(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(
        forecast("e0-2024-25-man-united-leeds-1", home_team="Man United", away_team="Leeds"),
        forecast("e0-2024-25-leeds-man-united-1", home_team="Leeds", away_team="Man United"),
        forecast("e0-2024-25-leeds-derby-1", home_team="Leeds", away_team="Derby"),
    )

    async with served() as client:
        found = await pages(client, team="man-united")
        malformed = await client.get("/v1/predictions", params={"team": "Man United"})

    assert found == [["e0-2024-25-leeds-man-united-1", "e0-2024-25-man-united-leeds-1"]]
    assert (malformed.status_code, malformed.json()["field"]) == (422, "team")


async def test_competitions_are_told_with_their_pool_and_how_much_is_played(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(
        forecast("zz9-2024-25-a-b-1"),
        forecast("e0-2024-25-a-b-1", status="live"),
        forecast("e0-2024-25-a-c-1"),
    )

    async with served() as client:
        told = (await client.get("/v1/competitions")).json()

    assert told == {
        "competitions": [
            {
                "id": "e0",
                "name": "Premier League",
                "country": "England",
                "pool": "england",
                "matches": 2,
                "live": 1,
            },
            {"id": "zz9", "name": "ZZ9", "country": "", "pool": "", "matches": 1, "live": 0},
        ]
    }


async def test_teams_are_told_by_competition(valkey: Any, forecast: Any, served: Any) -> None:
    valkey.commit(
        forecast("e0-2024-25-a-b-1", home_team="Arsenal", away_team="Nott'm Forest"),
        forecast("e1-2023-24-c-b-1", home_team="Cardiff", away_team="Nott'm Forest"),
    )

    async with served() as client:
        everywhere = (await client.get("/v1/teams")).json()["teams"]
        second = (await client.get("/v1/teams", params={"competition": "e1"})).json()["teams"]

    assert [row["id"] for row in everywhere] == ["arsenal", "cardiff", "nott-m-forest"]
    assert everywhere[2] == {
        "id": "nott-m-forest",
        "name": "Nott'm Forest",
        "competitions": ["e0", "e1"],
        "matches": 2,
    }
    assert [row["id"] for row in second] == ["cardiff", "nott-m-forest"]


async def test_models_are_told_with_their_accuracy_beside_the_market(
    served: Any, until: Any
) -> None:
    async with served(models=SHIPPED) as client:

        async def are_read() -> bool:
            return bool((await client.get("/v1/models")).json()["models"])

        await until(are_read)
        index = (await client.get("/v1/models")).json()
        model = (await client.get("/v1/models/default@1")).json()
        nothing = await client.get("/v1/models/default@99")

    (row,) = [row for row in index["models"] if "champion" in row["aliases"]]
    assert index["champion"] == row["label"]
    for measure in ("log_loss", "rps", "accuracy"):
        interval = row["metrics"]["market_closing"][measure]
        assert interval["low"] < interval["value"] < interval["high"]
    assert row["metrics"]["stack"]["rows"] > 0
    assert model["accuracy"]["overall"]["stack"]["rows"] > 0
    assert {part["part"] for part in model["accuracy"]["by_competition"]} >= {"e0"}
    assert model["accuracy"]["by_season"]
    assert "by_minute" in model["accuracy"]
    assert sum(row["n"] for row in model["calibration"] if row["outcome"] == "draw") > 1000
    assert nothing.status_code == 404


async def test_a_version_that_was_damaged_is_left_out_and_one_that_comes_is_told(
    served: Any, until: Any, tmp_path: Path
) -> None:
    shutil.copytree(SHIPPED / "default" / "1", tmp_path / "default" / "1")
    manifest = tmp_path / "default" / "1" / "manifest.json"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole.replace(b'"rows"', b'"Rows"', 1))
    async with served(models=tmp_path, models_s=0.02) as client:
        damaged = (await client.get("/v1/models")).json()
        manifest.write_bytes(whole)

        async def is_told() -> bool:
            return bool((await client.get("/v1/models/default@1")).status_code == 200)

        await until(is_told)

    assert damaged == {"champion": None, "models": []}


async def test_a_list_that_was_kept_is_told_anew_after_a_change(
    valkey: Any, forecast: Any, served: Any, until: Any
) -> None:
    valkey.commit(forecast(revision=1))
    async with served() as client:
        params = {"competition": "e0", "limit": 7}
        first, again = [
            (await client.get("/v1/predictions", params=params)).content for _ in range(2)
        ]
        valkey.commit(forecast(revision=2))

        async def is_told() -> bool:
            told = (await client.get("/v1/predictions", params=params)).json()
            return bool(told["predictions"][0]["revision"] == 2)

        await until(is_told)

    assert first == again


def test_what_is_kept_of_lists_is_bounded() -> None:
    lists = Lists()

    for number in range(1_000):
        lists.keep(str(number), "a-1", b"x" * 100)
    lists.keep("large", "a-1", b"x" * 1_000_000)

    assert len(lists._bodies) <= 64
    assert lists.of("large", "a-1") is None
    assert lists.of("999", "a-1") == b"x" * 100
    assert lists.of("999", "a-2") is None


def test_an_answer_about_all_matches_is_made_anew_when_it_may_be_old() -> None:
    now_s, made = [0.0], list[int]()
    hub = Hub(clock=lambda: now_s[0])
    snapshots = Snapshots(hub, lambda: now_s[0])

    def ask(number: int) -> str:
        def make() -> bytes:
            made.append(number)
            return b""

        return snapshots.of("overview", make).position

    first = ask(1)
    now_s[0] = 60.0
    unchanged = ask(2)
    hub.take(forecast_body())
    changed = ask(3)
    hub.take(forecast_body(revision=2))
    at_once = ask(4)
    now_s[0] = 60.3
    later = ask(5)

    assert made == [1, 3, 5]
    # A client goes on in the stream from the position that the answer stands for.
    assert first == unchanged
    assert changed == at_once
    assert later == hub.position
