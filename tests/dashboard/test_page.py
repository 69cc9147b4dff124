"""The list of matches in a real browser; skipped with a reason where there is none."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from schemas.forecast import Score
from tests.dashboard.browser import browser, find
from tests.dashboard.outage import line_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page

CHROMIUM = find()
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine; Debian has it in the package chromium"
)
TOTAL = 1_000
MATCH_ID = "e0-2024-25-arsenal-chelsea-1"


@pytest.fixture
async def tab() -> AsyncIterator[tuple[Page, list[str]]]:
    async with browser(CHROMIUM or "") as opened:
        yield opened


@pytest.fixture
def page(tab: tuple[Page, list[str]]) -> Page:
    return tab[0]


async def test_a_change_moves_the_numbers_of_its_row_in_place(
    valkey: Any, forecast: Any, served: Any, tab: tuple[Page, list[str]]
) -> None:
    page, errors = tab
    valkey.commit(forecast(status="live", home=0.524, draw=0.263, away=0.213))
    async with served() as client:
        await page.goto(str(client.base_url))
        row = page.locator(".match")
        await expect(row.locator(".share.ours")).to_have_text(["52%", "26%", "21%"])
        await row.evaluate("row => { row.marked = true; }")

        valkey.commit(forecast(status="live", revision=2, home=0.996, draw=0.0, away=0.004))
        # What may still fail is not shown as sure, and what may still happen not as impossible.
        await expect(row.locator(".share.ours")).to_have_text([">99%", "0%", "<1%"])
        await expect(page.locator(".bar.ours .home")).to_have_css("flex-grow", "0.996")
        assert await row.evaluate("row => row.marked")
        await expect(page.locator("h3")).to_contain_text("Premier League")
        await expect(page.locator("#connection")).to_have_text("Following live")

        assert errors == []


async def test_a_goal_moves_the_bar_and_says_how_far_it_is_from_kick_off(
    valkey: Any, forecast: Any, served: Any, until: Any, page: Page
) -> None:
    before = forecast()
    started = forecast(revision=2, status="live", minute=0, score=Score(0, 0))
    valkey.commit(before, started)
    async with served() as client:
        valkey.commit(forecast(revision=3, status="live", minute=1, score=Score(0, 0), home=0.51))
        await until(lambda: has_points(client, 2))
        await page.goto(str(client.base_url))
        moved = page.locator(".match .share.moved")
        await expect(moved).to_have_text(["−1", "0", "0"])

        valkey.commit(
            forecast(
                revision=4, status="live", minute=9, score=Score(1, 0), home=0.72, away=0.11,
                draw=0.17, cause=goal("Arsenal", 9, "1–0"),
            )
        )  # fmt: skip
        await expect(page.locator(".bar.ours .home")).to_have_css("flex-grow", "0.72")
        await expect(moved).to_have_text(["+20", "−9", "−11"])
        await expect(page.locator(".match .why")).to_have_text("Goal, Arsenal 9\N{PRIME}home +21")


async def has_points(client: Any, count: int) -> bool:
    answer = await client.get(f"/v1/matches/{MATCH_ID}/timeline")
    return len(answer.json()["points"]) >= count


def goal(team: str, minute: int, score: str) -> Any:
    from schemas.forecast import Cause  # noqa: PLC0415 - only here

    return Cause(
        f"goal:{minute}", "match.incident", f"Goal, {team} ({minute}'): Arsenal {score} Chelsea"
    )


async def test_live_matches_come_first_then_upcoming_then_finished(
    valkey: Any, forecast: Any, served: Any, page: Page
) -> None:
    valkey.commit(
        forecast("e0-2024-25-a-b-1", status="finished", home_team="Over"),
        forecast("d1-2024-25-a-b-1", status="scheduled", home_team="Coming"),
        forecast("i1-2024-25-a-b-1", status="live", home_team="Playing"),
    )
    async with served() as client:
        await page.goto(str(client.base_url))
        homes = page.locator(".team:first-child")
        await expect(homes).to_have_text(["Playing", "Coming", "Over"])

        valkey.commit(
            forecast("i1-2024-25-a-b-1", status="finished", home_team="Playing", revision=2)
        )
        await expect(page.locator(".match[data-status=live]")).to_have_count(0)
        await expect(homes).to_have_text(["Coming", "Over", "Playing"])


async def test_simulated_matches_are_marked_above_and_on_their_rows(
    valkey: Any, forecast: Any, served: Any, page: Page
) -> None:
    valkey.commit(forecast("sim1-2024-25-a-b-1", simulated=True), forecast())
    async with served() as client:
        await page.goto(str(client.base_url))

        await expect(page.locator(".match")).to_have_count(2)
        await expect(page.locator(".banner.simulated")).to_be_visible()
        await expect(page.locator(".match .chip.simulated:visible")).to_have_count(1)


async def test_the_address_says_which_matches_are_shown(
    valkey: Any, forecast: Any, served: Any, page: Page
) -> None:
    later = dt.datetime(2025, 5, 31, 14, tzinfo=dt.UTC)
    valkey.commit(
        forecast(),
        forecast("e0-2024-25-leeds-derby-1", kick_off=later, home_team="Leeds"),
        forecast("d1-2024-25-koln-mainz-1", kick_off=later, home_team="Koln"),
    )
    async with served() as client:
        await page.goto(f"{client.base_url}/?date=2025-05-31&competition=d1")
        await expect(page.locator(".team:first-child")).to_have_text(["Koln"])

        await page.get_by_role("button", name="The day with matches before").click()
        await page.get_by_label("Competition").select_option("")
        await expect(page.locator(".team:first-child")).to_have_text(["Arsenal"])
        await expect(page).to_have_url(f"{client.base_url}/?date=2025-05-24")

        await page.go_back()
        await page.go_back()
        await expect(page.locator(".team:first-child")).to_have_text(["Koln"])


async def test_the_way_to_a_match_and_back_keeps_the_filters(
    valkey: Any, forecast: Any, served: Any, tab: tuple[Page, list[str]]
) -> None:
    page, errors = tab
    valkey.commit(forecast(), forecast("e0-2024-25-leeds-derby-1", home_team="Leeds"))
    async with served() as client:
        await page.goto(str(client.base_url))
        await page.get_by_label("Team").fill("arse")
        await expect(page.locator(".match")).to_have_count(1)
        await page.get_by_role("link", name="Arsenal against Chelsea").press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Arsenal")
        await expect(page).to_have_url(f"{client.base_url}/matches/{MATCH_ID}")

        await page.get_by_role("link", name="All matches").click()
        await expect(page.get_by_label("Team")).to_have_value("arse")
        await expect(page.locator(".match")).to_have_count(1)

        assert errors == []


async def test_words_of_a_feed_stay_words(
    valkey: Any, forecast: Any, served: Any, page: Page
) -> None:
    valkey.commit(forecast(home_team="<img src=x onerror=document.title='owned'>"))
    async with served() as client:
        await page.goto(str(client.base_url))

        await expect(page.locator(".team:first-child")).to_contain_text("<img src=x")
        await expect(page).to_have_title("SabiScore")


async def test_the_page_says_when_the_source_is_away_and_catches_up(
    valkey: Any, forecast: Any, served: Any, page: Page
) -> None:
    valkey.commit(forecast(status="live"))
    async with served(heartbeat_s=0.1) as client:
        await page.goto(str(client.base_url))
        await expect(page.locator("#connection")).to_have_text("Following live")

        valkey.stop()
        await expect(page.get_by_role("alert")).to_contain_text("no longer hears from its source")
        valkey.start()
        valkey.commit(forecast(status="live", revision=2, home=0.9, draw=0.07, away=0.03))
        await expect(page.locator(".share.ours").first).to_have_text("90%")
        await expect(page.locator("#trouble")).to_be_hidden()


async def test_the_page_says_when_its_connection_is_lost_and_catches_up(
    valkey: Any, forecast: Any, served: Any, page: Page
) -> None:
    valkey.commit(forecast(status="live"))
    async with (
        served(heartbeat_s=0.1) as client,
        line_to(client.base_url.host, client.base_url.port) as line,
    ):
        await page.goto(line.url)
        await expect(page.locator("#connection")).to_have_text("Following live")

        line.cut()
        await expect(page.locator("#connection")).to_have_text("Connection lost")
        await expect(page.get_by_role("alert")).to_contain_text("what you see may be old")
        valkey.commit(forecast(status="live", revision=2, home=0.9, draw=0.07, away=0.03))
        line.mend()
        # The browser itself waits some seconds before it asks again.
        await page.wait_for_selector("#connection[data-state=live]")
        await expect(page.locator(".share.ours").first).to_have_text("90%")
        await expect(page.locator("#trouble")).to_be_hidden()


async def test_a_day_of_a_thousand_matches_stays_usable(
    valkey: Any, forecast: Any, served: Any, tab: tuple[Page, list[str]]
) -> None:
    page, errors = tab
    valkey.commit(
        *[
            forecast(
                f"e0-2024-25-home{n}-away-1", home_team=f"Home {n}", revision=2,
                status="live" if n % 2 else "scheduled",
            )
            for n in range(TOTAL)
        ]
    )  # fmt: skip
    async with served() as client:
        await page.goto(str(client.base_url))
        await page.locator(".match").nth(TOTAL - 1).wait_for()
        await expect(page.locator(".match")).to_have_count(TOTAL)

        changed = forecast(
            "e0-2024-25-home7-away-1", home_team="Home 7", revision=3, home=0.9, draw=0.07,
            away=0.03, status="live",
        )  # fmt: skip
        valkey.commit(changed)
        await expect(page.locator(".share.ours", has_text="90%")).to_have_count(1)
        await page.get_by_label("Team").fill("Home 77")
        await expect(page.locator(".match")).to_have_count(11)
        await page.get_by_role("link", name="Home 777 against Chelsea").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Home 777")

        assert errors == []


async def test_a_browser_that_is_told_the_token_shows_the_page(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())
    known = {"username": "anybody", "password": "a-read-token-of-ours"}
    async with (
        served(read_tokens=(known["password"],)) as client,
        browser(CHROMIUM or "", http_credentials=known) as (page, errors),
    ):
        answer = await page.goto(str(client.base_url))
        await expect(page.locator(".match")).to_have_count(1)
        await expect(page.locator("#connection")).to_have_text("Following live")

    assert answer is not None
    assert (answer.status, errors) == (200, [])


@pytest.mark.parametrize("date", ["2025-13-45", "2025-02-30", "0000-00-00"])
async def test_a_day_that_the_calendar_has_not_is_the_day_that_there_is(
    valkey: Any, forecast: Any, served: Any, tab: tuple[Page, list[str]], date: str
) -> None:
    page, errors = tab
    valkey.commit(forecast())
    async with served() as client:
        await page.goto(f"{client.base_url}/?date={date}")
        await expect(page.locator(".match")).to_have_count(1)
        await expect(page.locator("#connection")).to_have_text("Following live")

    assert errors == []
