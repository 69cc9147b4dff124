"""The page of a match in a real browser: its chart, its reasons, and what it does when cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from schemas.forecast import Cause, ExpectedGoals, Score
from tests.dashboard.browser import browser, find
from tests.dashboard.outage import line_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import Page

CHROMIUM = find()
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine; Debian has it in the package chromium"
)
MATCH_ID = "e0-2024-25-arsenal-chelsea-1"
PATH = f"/matches/{MATCH_ID}"


@pytest.fixture
async def tab() -> AsyncIterator[tuple[Page, list[str]]]:
    async with browser(CHROMIUM or "") as opened:
        yield opened


def told(forecast: Any, revision: int, minute: int, score: Score, home: float, words: str) -> bytes:
    """A live forecast whose draw and away share what home leaves."""
    kind = "clock.tick" if words.startswith("Minute") else "match.incident"
    rest = (1 - home) / 2
    body: bytes = forecast(
        revision=revision,
        status="live",
        minute=minute,
        score=score,
        home=home,
        draw=rest,
        away=rest,
        cause=Cause(f"event-{revision}", kind, words),
        expected_goals=ExpectedGoals(1.6, 1.1),
        over_2_5=0.48,
        both_score=0.52,
    )
    return body


@pytest.fixture
def story(forecast: Any) -> Iterator[bytes]:
    """A goal in minute 23 that the video took back, and one in minute 40 that stood."""
    nil, one = Score(0, 0), Score(1, 0)
    return iter(
        [
            told(forecast, 3, 10, nil, 0.50, "Minute 10"),
            told(forecast, 4, 23, one, 0.74, "Goal, Arsenal (23'): Arsenal 1–0 Chelsea"),
            told(forecast, 5, 24, nil, 0.47, "Goal, Arsenal (23'), withdrawn: Arsenal 0–0 Chelsea"),
            told(forecast, 6, 40, one, 0.79, "Goal, Arsenal (40'): Arsenal 1–0 Chelsea"),
            told(forecast, 7, 51, one, 0.91, "Red card, Chelsea (51'): Arsenal 1–0 Chelsea"),
        ]
    )


async def open_at(page: Page, client: Any, until: Any, count: int) -> None:
    """Open the match once so many of its points are told."""

    async def are_there() -> bool:
        answer = await client.get(f"/v1/matches/{MATCH_ID}/timeline")
        return len(answer.json()["points"]) == count

    await until(are_there)
    await page.goto(f"{client.base_url}{PATH}")


async def test_a_goal_moves_the_bar_and_the_chart(
    valkey: Any, forecast: Any, served: Any, story: Iterator[bytes], tab: tuple[Page, list[str]]
) -> None:
    page, errors = tab
    valkey.commit(forecast(), next(story))
    async with served() as client:
        await page.goto(f"{client.base_url}{PATH}")
        slider = page.get_by_role("slider", name="Moment of the match")
        await expect(slider).to_have_attribute("aria-valuetext", "minute 10, 0–0: Arsenal 50%, Draw 25%, Chelsea 25%. Minute 10")  # fmt: skip # noqa: E501 - as it is said
        before = await picture(page)

        valkey.commit(next(story))
        await expect(page.locator(".bar.tall .home")).to_have_css("flex-grow", "0.74")
        await expect(page.locator(".score")).to_have_text("1–0")
        await expect(page.locator(".tail.of-home strong")).to_have_text("74%")
        await expect(page.locator(".mark-of.goal")).to_have_text("1–0")
        assert await picture(page) != before
        await expect(page.locator("#spoken")).to_contain_text("Goal, Arsenal (23')")

        assert errors == []


async def picture(page: Page) -> str:
    """What is drawn on the chart, every pixel of it."""
    drawn = await page.locator(".frame canvas").evaluate("canvas => canvas.toDataURL()")
    return str(drawn)


async def test_goals_cards_and_the_videos_decision_stand_on_the_chart_and_in_the_story(
    valkey: Any,
    forecast: Any,
    served: Any,
    until: Any,
    story: Iterator[bytes],
    tab: tuple[Page, list[str]],
) -> None:
    page, errors = tab
    async with served() as client:
        valkey.commit(forecast(), *story)
        await open_at(page, client, until, 6)

        await expect(page.locator(".mark-of.goal")).to_have_count(2)
        await expect(page.locator(".mark-of.withdrawn")).to_have_count(1)
        await expect(page.locator(".mark-of.red")).to_have_count(1)
        await expect(page.locator(".story .what")).to_have_text(
            [
                "Red card, Chelsea ",
                "Goal, Arsenal 1–0",
                "Goal withdrawn, Arsenal 0–0",
                "Goal, Arsenal 1–0",
                "Minutes pass ",
                "Odds moved: avg ",
            ]
        )
        await expect(page.locator(".why .last")).to_contain_text("Red card, Chelsea")
        await expect(page.locator(".because")).to_contain_text("a man fewer")
        await expect(page.locator(".gauge strong")).to_have_text(["48%", "52%"])

        assert errors == []


async def test_arrow_keys_step_through_the_match(
    valkey: Any,
    forecast: Any,
    served: Any,
    until: Any,
    story: Iterator[bytes],
    tab: tuple[Page, list[str]],
) -> None:
    page, _ = tab
    async with served() as client:
        valkey.commit(forecast(), *story)
        await open_at(page, client, until, 6)
        slider = page.get_by_role("slider", name="Moment of the match")
        await expect(page.locator(".mark-of.goal")).to_have_count(2)

        await slider.press("ArrowLeft")
        await expect(slider).to_have_attribute("aria-valuenow", "4")
        await expect(page.locator(".tip")).to_contain_text("40\N{PRIME} · 1–0")
        await slider.press("Home")
        await expect(page.locator(".tip")).to_contain_text("Fri, 23 May 2025")


async def test_what_was_missed_while_cut_off_is_caught_up_with_and_nothing_is_left_out(
    valkey: Any, forecast: Any, served: Any, story: Iterator[bytes], tab: tuple[Page, list[str]]
) -> None:
    page, _ = tab
    valkey.commit(forecast(), next(story))
    async with (
        served(heartbeat_s=0.1) as client,
        line_to(client.base_url.host, client.base_url.port) as line,
    ):
        await page.goto(f"{line.url}{PATH}")
        await expect(page.locator(".tail.of-home strong")).to_have_text("50%")

        line.cut()
        await expect(page.locator("#connection")).to_have_text("Connection lost")
        valkey.commit(*story)
        line.mend()
        # The browser itself waits some seconds before it asks again.
        await page.wait_for_selector("#connection[data-state=live]")
        await expect(page.locator(".tail.of-home strong")).to_have_text("91%")
        await expect(page.locator(".mark-of.goal")).to_have_count(2)
        await expect(page.locator(".mark-of.withdrawn")).to_have_count(1)


async def test_a_match_that_was_never_announced_is_said_to_be_unknown(
    served: Any, tab: tuple[Page, list[str]]
) -> None:
    page, _ = tab
    async with served() as client:
        await page.goto(f"{client.base_url}/matches/e0-2024-25-nobody-nowhere-1")

        await expect(page.get_by_role("heading", level=1)).to_have_text("No such match")
