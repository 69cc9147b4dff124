"""What a revision was about, read from its cause by the page's own module, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dashboard.browser import browser, find

CHROMIUM = find()
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine; Debian has it in the package chromium"
)
READ = """async (points) => {
  const { chapters, moments } = await import("/page/story.js");
  const told = moments(points, { home: "Nott'm Forest", away: "Leeds, United" });
  const kept = ({ kind, side, x, title }) => ({ kind, side, x, title });
  return { told: told.map(kept), kinds: chapters(told).map(({ kind }) => kind) };
}"""


def point(minute: int | None, score: tuple[int, int] | None, kind: str, words: str) -> Any:
    return {
        "minute": minute,
        "score": None if score is None else {"home": score[0], "away": score[1]},
        "cause": {"event_id": "1", "type": kind, "words": words},
        "home": 0.5,
        "draw": 0.3,
        "away": 0.2,
    }


async def read(served: Any, *points: Any) -> Any:
    async with served() as client, browser(CHROMIUM or "") as (page, _):
        await page.goto(f"{client.base_url}/system")
        return await page.evaluate(READ, list(points))


async def test_goals_are_known_by_the_score_whatever_event_told_of_them(served: Any) -> None:
    told = await read(
        served,
        point(0, (0, 0), "match.started", "Kick-off: Nott'm Forest against Leeds, United"),
        point(9, (1, 0), "match.snapshot", "Snapshot in minute 9: Nott'm Forest 1–0 Leeds, United"),
        point(12, (1, 1), "match.incident", "Own goal, Nott'm Forest (12'): Nott'm Forest 1–1 Le"),
        point(20, (0, 1), "match.snapshot", "Snapshot in minute 20: Nott'm Forest 0–1 Leeds"),
    )

    assert [(m["kind"], m["side"]) for m in told["told"][1:]] == [
        ("goal", "home"),
        ("goal", "away"),
        ("withdrawn", "home"),
    ]


async def test_teams_with_commas_and_apostrophes_are_told_apart(served: Any) -> None:
    told = await read(
        served,
        point(0, (0, 0), "match.started", "Kick-off"),
        point(5, (0, 0), "match.incident", "Red card, Leeds, United (5'): Nott'm Forest 0–0 Leeds"),
        point(6, (0, 0), "match.incident", "Yellow card, Nott'm Forest (45+2'): Nott'm Forest 0–0"),
    )

    red, yellow = told["told"][1:]
    assert (red["kind"], red["side"], red["title"]) == ("red", "away", "Red card, Leeds, United")
    assert (yellow["kind"], yellow["side"]) == ("yellow", "home")


async def test_a_clock_that_is_put_back_does_not_turn_the_chart_back(served: Any) -> None:
    told = await read(
        served,
        point(None, None, "fixture.scheduled", "Fixture"),
        point(None, None, "odds.changed", "Opening odds of avg: 2.00 / 3.00 / 4.00"),
        point(0, (0, 0), "match.started", "Kick-off"),
        point(47, (0, 0), "clock.tick", "Minute 47"),
        point(46, (0, 0), "clock.tick", "Minute 46"),
    )

    places = [moment["x"] for moment in told["told"]]
    assert places == sorted(places)
    assert places[0] < places[1] < 0
    assert told["told"][1]["title"] == "Opening odds, average: 2.00 / 3.00 / 4.00"


async def test_minutes_that_move_nothing_are_not_told_but_a_result_elsewhere_is_named(
    served: Any,
) -> None:
    moved = point(
        None, None, "match.finished", "Result elsewhere: e0-2024-25-leeds-united-derby-1"
    ) | {"home": 0.6, "draw": 0.2}
    told = await read(
        served,
        point(None, None, "fixture.scheduled", "Fixture"),
        moved,
        point(0, (0, 0), "match.started", "Kick-off") | {"home": 0.6, "draw": 0.2},
        point(1, (0, 0), "clock.tick", "Minute 1") | {"home": 0.6, "draw": 0.2},
        point(2, (0, 0), "clock.tick", "Minute 2") | {"home": 0.6, "draw": 0.2},
    )

    assert told["told"][1]["title"] == "Leeds, United ended another match"
    assert told["kinds"] == ["fixture", "elsewhere", "start"]
