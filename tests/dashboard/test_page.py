"""The page, in a real browser; skipped with a reason where there is none."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from tests.dashboard.browser import Page, browser, find

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHROMIUM = find()
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine; Debian has it in the package chromium"
)
MATCH_ID = "e0-2024-25-arsenal-chelsea-1"
TEXT = "(document.body?.textContent ?? '')"


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with browser(CHROMIUM or "") as tab:
        yield tab


async def shows(page: Page, script: str) -> None:
    """Wait until a script is true on the page; that it comes true is the assertion."""
    async with asyncio.timeout(30):
        while not await page.value(f"Boolean({script})"):  # noqa: ASYNC110 - it lives elsewhere
            await asyncio.sleep(0.02)


async def test_a_change_moves_the_numbers_of_its_row_in_place(
    valkey: Any, forecast: Any, served: Any, page: Page
) -> None:
    valkey.commit(forecast(status="live", home=0.524, draw=0.263, away=0.213))
    async with served() as client:
        await page.open(str(client.base_url))
        await shows(page, f"{TEXT}.includes('52%')")
        await page.value("document.querySelector('.match').marked = true")

        valkey.commit(forecast(status="live", revision=2, home=0.996, draw=0.0, away=0.004))
        # What may still fail is not shown as sure, and what may still happen not as impossible.
        await shows(page, f"{TEXT}.includes('>99%0%<1%')")
        text = await page.value(TEXT)
        marked = await page.value("document.querySelector('.match').marked")

    assert marked
    assert "Premier League" in text
    assert "Following live" in text
    assert page.errors == []


async def test_live_matches_come_first_then_upcoming_then_finished(
    valkey: Any, forecast: Any, served: Any, page: Page
) -> None:
    valkey.commit(
        forecast("e0-2024-25-a-b-1", status="finished", home_team="Over"),
        forecast("d1-2024-25-a-b-1", status="scheduled", home_team="Coming"),
        forecast("i1-2024-25-a-b-1", status="live", home_team="Playing"),
    )
    async with served() as client:
        await page.open(str(client.base_url))
        await shows(page, "document.querySelectorAll('.match').length === 3")
        before = await page.value(
            "[...document.querySelectorAll('.team:first-child')].map(team => team.textContent)"
        )

        valkey.commit(
            forecast("i1-2024-25-a-b-1", status="finished", home_team="Playing", revision=2)
        )
        await shows(page, "!document.querySelector('.match[data-status=live]')")

    assert before == ["Playing", "Coming", "Over"]


async def test_simulated_matches_are_marked_above_and_on_their_rows(
    valkey: Any, forecast: Any, served: Any, page: Page
) -> None:
    valkey.commit(forecast("sim1-2024-25-a-b-1", simulated=True), forecast())
    async with served() as client:
        await page.open(str(client.base_url))
        await shows(page, "document.querySelectorAll('.match').length === 2")
        banner = await page.value("!document.getElementById('simulated').hidden")
        marked = await page.value(
            "[...document.querySelectorAll('.match .chip.simulated')].filter(c => !c.hidden).length"
        )

    assert banner
    assert marked == 1


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
        await page.open(f"{client.base_url}/?date=2025-05-31&competition=d1")
        await shows(page, f"{TEXT}.includes('Koln')")
        filtered = await page.value("document.querySelectorAll('.match').length")

        await page.value("document.getElementById('earlier').click()")
        await page.value(
            "c = document.getElementById('competition'), c.value = '',"
            "c.dispatchEvent(new Event('change', {bubbles: true}))"
        )
        await shows(page, f"{TEXT}.includes('Arsenal')")
        address = await page.value("location.search")

    assert filtered == 1
    assert address == "?date=2025-05-24"


async def test_words_of_a_feed_stay_words(
    valkey: Any, forecast: Any, served: Any, page: Page
) -> None:
    valkey.commit(forecast(home_team="<img src=x onerror=document.title='owned'>"))
    async with served() as client:
        await page.open(str(client.base_url))
        await shows(page, f"{TEXT}.includes('<img src=x')")
        title = await page.value("document.title")

    assert title == "SabiScore"


async def test_the_page_says_when_the_source_is_away_and_catches_up(
    valkey: Any, forecast: Any, served: Any, page: Page
) -> None:
    valkey.commit(forecast(status="live"))
    async with served(heartbeat_s=0.1) as client:
        await page.open(str(client.base_url))
        await shows(page, f"{TEXT}.includes('Following live')")

        valkey.stop()
        await shows(page, f"{TEXT}.includes('no longer hears from its source')")
        valkey.start()
        valkey.commit(forecast(status="live", revision=2, home=0.9, draw=0.07, away=0.03))
        await shows(page, f"{TEXT}.includes('90%')")
        await shows(page, "document.getElementById('trouble').hidden")


async def test_a_day_of_two_thousand_matches_is_held(
    valkey: Any, forecast: Any, served: Any, page: Page
) -> None:
    valkey.commit(*[forecast(f"e0-2024-25-home{n}-away-1") for n in range(2_000)])
    async with served() as client:
        await page.open(str(client.base_url))
        await shows(page, "document.querySelectorAll('.match').length === 2000")

        valkey.commit(
            forecast("e0-2024-25-home7-away-1", revision=2, home=0.9, draw=0.07, away=0.03)
        )
        await shows(
            page, "[...document.querySelectorAll('.share')].some(s => s.textContent === '90%')"
        )

    assert page.errors == []
