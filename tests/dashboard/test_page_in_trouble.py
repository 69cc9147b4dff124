"""What the page says when matches are called off, feeds quiet, names long or reads refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from schemas.forecast import Cause, Quality, Score
from tests.dashboard.browser import browser, find

CHROMIUM = find()
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine; Debian has it in the package chromium"
)
SHIPPED = Path(__file__).parents[2] / "model_store" / "shipped"
MATCH_ID = "e0-2024-25-arsenal-chelsea-1"


def changed(words: str) -> Cause:
    """The cause of a revision that a change of the fixture made."""
    return Cause(event_id="c", type="fixture.changed", words=words)


@pytest.mark.parametrize(
    ("status", "score", "told", "never"),
    [
        ("awarded", Score(3, 0), "The league gave this result", "lead"),
        ("abandoned", Score(1, 0), "Play was broken off", "lead"),
        ("postponed", None, "It is put off", "of both teams"),
        ("cancelled", None, "It will not be played", "of both teams"),
    ],
)
async def test_a_match_that_was_called_off_or_awarded_is_told_as_that(
    valkey: Any, forecast: Any, served: Any, status: str, score: Score | None, told: str, never: str
) -> None:
    valkey.commit(forecast(status="scheduled"))
    played = score is not None and status == "abandoned"
    async with served() as client, browser(CHROMIUM or "") as (page, errors):
        valkey.commit(
            forecast(
                revision=2,
                status=status,
                minute=70 if played else None,
                score=score,
                home=0.9,
                draw=0.06,
                away=0.04,
                quality=Quality.FINAL,
                cause=changed(f"Arsenal against Chelsea: {status}"),
            )
        )
        await page.goto(f"{client.base_url}/matches/{MATCH_ID}")

        await expect(page.locator(".because")).to_contain_text(told)
        assert never not in await page.locator(".because").inner_text()
        began = "kicked off" if played else "was to kick off"
        await expect(page.locator(".state")).to_contain_text(began)
        assert errors == []


@pytest.mark.parametrize(
    ("stored_ago", "said", "age"),
    [
        (dt.timedelta(hours=5), "Newest event: ", "5 h ago"),
        (dt.timedelta(hours=2), "Newest event: ", "5 h ago"),
        (dt.timedelta(days=-300), "Replay, now at ", "just now"),
    ],
)
async def test_a_feed_that_was_quiet_or_late_for_hours_is_no_replay_and_its_age_is_told(
    valkey: Any, forecast: Any, served: Any, stored_ago: dt.timedelta, said: str, age: str
) -> None:
    now = dt.datetime.now(dt.UTC)
    happened = now - dt.timedelta(hours=5)
    if stored_ago < dt.timedelta(0):
        happened, stored_ago = happened + stored_ago, dt.timedelta(0)
    stored_ms = int((now - stored_ago).timestamp() * 1000)
    one = forecast(status="live", as_of=happened, kick_off=happened)
    valkey.commit(one, stored_ms=stored_ms)
    async with served() as client, browser(CHROMIUM or "") as (page, _):
        await page.goto(str(client.base_url))
        await expect(page.locator("#clock")).to_contain_text(said)

        await page.goto(f"{client.base_url}/matches/{MATCH_ID}")
        await expect(page.locator(".state .chip")).to_contain_text(age)
        await expect(page.locator("#clock")).to_contain_text(said)


async def test_a_page_without_any_match_follows_and_shows_the_first_one(
    valkey: Any, forecast: Any, served: Any
) -> None:
    async with served() as client, browser(CHROMIUM or "") as (page, errors):
        await page.goto(str(client.base_url))
        await expect(page.locator("#connection")).to_have_text("Following live")
        await expect(page.get_by_text("No matches yet.")).to_be_visible()

        valkey.commit(forecast())

        await expect(page.locator(".match")).to_have_count(1, timeout=10_000)
        await page.goto(f"{client.base_url}/?date=1999-01-01")
        await expect(page.get_by_text("No match is known of this day.")).to_be_visible()
        assert errors == []


async def test_the_page_comes_whole_however_few_reads_are_allowed_and_says_what_was_refused(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())
    async with served(reads_per_s=0.5) as client, browser(CHROMIUM or "") as (page, _):
        await page.goto(str(client.base_url))
        await expect(page.locator("#trouble")).to_contain_text("too many requests", timeout=10_000)
        await expect(page.locator("#connection")).to_have_text("Refused")
        asked = [await client.get("/page/app.js") for _ in range(300)]

    assert {answer.status_code for answer in asked} == {200, 429}


async def test_back_from_a_match_is_the_place_in_the_list_that_was_left(
    valkey: Any, forecast: Any, served: Any
) -> None:
    for number in range(60):
        name = f"e0-2024-25-team-{number}-other-1"
        valkey.commit(forecast(match_id=name, home_team=f"Team {number:02}"))
    async with served() as client, browser(CHROMIUM or "") as (page, _):
        await page.goto(str(client.base_url))
        row = page.locator(".match", has_text="Team 50")
        await row.scroll_into_view_if_needed()
        left_at = await page.evaluate("scrollY")
        await row.locator("a").first.click()
        await expect(page.locator("h1")).to_contain_text("Team 50")

        await page.go_back()

        await expect(row).to_be_in_viewport()
        assert abs(await page.evaluate("scrollY") - left_at) < 50
        assert left_at > 500


async def test_names_of_one_long_word_stay_on_a_phone(
    valkey: Any, forecast: Any, served: Any
) -> None:
    long = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
    valkey.commit(forecast(home_team=long, away_team=long[::-1]))
    async with served() as client, browser(CHROMIUM or "") as (page, _):
        await page.set_viewport_size({"width": 360, "height": 740})
        for path in ("/", f"/matches/{MATCH_ID}"):
            await page.goto(f"{client.base_url}{path}")
            await expect(page.get_by_text(long).first).to_be_attached()
            too_wide = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert too_wide == 0, path


async def test_a_league_without_matches_now_has_its_name_in_the_figures_of_a_model(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())
    async with served(models=SHIPPED) as client, browser(CHROMIUM or "") as (page, errors):
        await page.goto(f"{client.base_url}/models")
        leagues = page.locator("section", has_text="League by league").locator("tbody th")
        await expect(leagues.first).to_be_visible()
        names = await leagues.all_inner_texts()

    assert "Bundesliga" in names
    assert not [name for name in names if name.lower() == name]
    assert errors == []
