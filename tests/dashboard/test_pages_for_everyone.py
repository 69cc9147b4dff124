"""Every page for those who hear it, use keys alone, see it dark or on a phone: checked by axe."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from playwright.async_api import expect

from dashboard.page_routes import PAGE
from model_store.manifest import decode_manifest, encode_manifest
from schemas.forecast import Cause, ExpectedGoals, Quality, Score
from tests.dashboard.browser import browser, find

if TYPE_CHECKING:
    from playwright.async_api import Page, Route

CHROMIUM = find()
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine; Debian has it in the package chromium"
)
SHIPPED = PAGE.parents[1] / "model_store" / "shipped"
AXE = Path(__file__).with_name("axe") / "axe.min.js"
MOST_BYTES = 200_000
PAGES = {
    "/": ".match",
    "/matches/e0-2024-25-arsenal-chelsea-1": ".mark-of.goal",
    "/models": ".calibration canvas",
    "/system": ".tiles",
}
DEVICES: dict[str, Any] = {
    "desktop": {"viewport": {"width": 1200, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


def live(forecast: Any, revision: int, words: str, score: Score) -> bytes:
    body: bytes = forecast(
        revision=revision,
        status="live",
        minute=20 + revision,
        score=score,
        home=0.6 + revision / 50,
        cause=Cause(str(revision), "match.incident", words),
        expected_goals=ExpectedGoals(1.6, 1.1),
        over_2_5=0.48,
        both_score=0.52,
    )
    return body


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", DEVICES)
async def test_axe_finds_no_serious_problem_and_the_console_no_error(
    valkey: Any, forecast: Any, served: Any, device: str, scheme: str
) -> None:
    valkey.commit(
        forecast(),
        forecast("d1-2024-25-koln-mainz-1", quality=Quality.STALE, market=None),
        forecast("e0-2024-25-leeds-derby-1", status="finished", quality=Quality.FINAL),
        forecast("e0-2024-25-luton-fulham-1", status="postponed", quality=Quality.DEGRADED),
        forecast("sim1-2024-25-a-b-1", quality=Quality.SUSPENDED, simulated=True),
    )
    async with (
        served(models=SHIPPED) as client,
        browser(CHROMIUM or "", color_scheme=scheme, **DEVICES[device]) as (page, errors),
    ):
        valkey.commit(
            live(forecast, 2, "Goal, Arsenal (22'): Arsenal 1–0 Chelsea", Score(1, 0)),
            live(forecast, 3, "Yellow card, Chelsea (23'): Arsenal 1–0 Chelsea", Score(1, 0)),
        )
        found = []
        for path, shown in PAGES.items():
            found += await problems(page, f"{client.base_url}{path}", shown)

        assert found == []
        assert errors == []


async def problems(page: Page, url: str, shown: str) -> list[str]:
    """What axe calls serious or worse, with the elements that it means."""
    await page.goto(url)
    await expect(page.locator(shown).first).to_be_visible()
    await expect(page.locator("#connection")).to_have_text("Following live")
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes']]}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


@needs_browser
@pytest.mark.parametrize("path", PAGES)
async def test_no_page_is_wider_than_a_phone(
    valkey: Any, forecast: Any, served: Any, path: str
) -> None:
    valkey.commit(
        forecast(), live(forecast, 2, "Goal, Arsenal (22'): Arsenal 1–0 Chelsea", Score(1, 0))
    )
    async with (
        served(models=SHIPPED) as client,
        browser(CHROMIUM or "", **DEVICES["phone"]) as (page, _),
    ):
        await page.goto(f"{client.base_url}{path}")
        shown = page.locator(PAGES[path].replace(".mark-of.goal", ".frame canvas"))
        await expect(shown.first).to_be_visible()
        width = await page.evaluate("document.documentElement.scrollWidth")

    assert width <= 390


@needs_browser
async def test_every_page_is_reached_by_its_link_and_says_where_one_is(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())
    async with served(models=SHIPPED) as client, browser(CHROMIUM or "") as (page, errors):
        await page.goto(str(client.base_url))
        for name, path in (("Model", "/models"), ("System", "/system"), ("Matches", "/")):
            await page.get_by_role("link", name=name, exact=True).press("Enter")
            await expect(page).to_have_url(f"{client.base_url}{path}")
            here = page.locator("nav [aria-current=page]")
            await expect(here).to_have_text(name)

        await page.go_back()
        await expect(page.get_by_role("heading", level=1)).to_have_text("The system")

        assert errors == []


@needs_browser
async def test_accuracy_is_shown_by_league_and_where_a_version_tells_it_by_minute(
    served: Any,
) -> None:
    measured = {
        "forecaster": "pool_closing", "rows": 900, "market": None,
        "log_loss": {"value": 0.512, "low": 0.49, "high": 0.53},
    }  # fmt: skip
    by_minute = [measured | {"part": "45'"}, measured | {"part": "75'"}]

    async def with_minutes(route: Route) -> None:
        answer = await route.fetch()
        told = await answer.json()
        told["accuracy"]["by_minute"] = by_minute
        await route.fulfill(response=answer, json=told)

    async with served(models=SHIPPED) as client, browser(CHROMIUM or "") as (page, errors):
        await page.route("**/v1/models/default@1", with_minutes)
        await page.route("**/v1/models/default%401", with_minutes)
        await page.goto(f"{client.base_url}/models")

        minutes = page.get_by_role("region", name="As the match goes on").locator("tbody th")
        await expect(minutes).to_have_text(["45\N{PRIME}", "75\N{PRIME}"])
        leagues = page.get_by_role("region", name="League by league").locator("tbody tr")
        await expect(leagues).to_have_count(12)
        versions = page.get_by_role("table", name="Versions").locator("tbody tr")
        await expect(versions).to_contain_text(["default@1"])

        assert errors == []


def with_a_second_version(folder: Path) -> Path:
    """A folder of models in which default@2 took over from default@1."""
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("*.onnx", "*.png"))
    shutil.copytree(folder / "default" / "1", folder / "default" / "2")
    path = folder / "default" / "2" / "manifest.json"
    manifest = decode_manifest(path.read_bytes(), "default@1")
    manifest.metrics.forecasters["pool_closing"] = manifest.metrics.forecasters["elo"]
    changed = {"version": 2, "created": "2026-07-01T00:00:00Z"}
    path.write_bytes(encode_manifest(msgspec.structs.replace(manifest, **changed)))
    aliases = {"champion": "default@2", "former": "default@1"}
    (folder / "aliases.json").write_text(json.dumps(aliases))
    return folder


def elo_loss(models: Path) -> float:
    told = json.loads((models / "default" / "1" / "manifest.json").read_bytes())
    return float(told["metrics"]["forecasters"]["elo"]["log_loss"]["value"])


@needs_browser
async def test_the_history_of_versions_leads_from_one_to_another(
    served: Any, tmp_path: Path
) -> None:
    models = with_a_second_version(tmp_path / "models")

    async with served(models=models) as client, browser(CHROMIUM or "") as (page, errors):
        await page.goto(f"{client.base_url}/models")
        heading = page.get_by_role("heading", level=1)
        versions = page.get_by_role("table", name="Versions").locator("tbody tr")
        await expect(heading).to_have_text("Model default@2")
        await expect(versions).to_have_count(2)
        # The newest first, each with its role, its date and what it is worth.
        await expect(versions.nth(0)).to_contain_text("champion")
        await expect(versions.nth(0)).to_contain_text("2026-07-01")
        await expect(versions.nth(0)).to_contain_text(f"{elo_loss(models):.4f}")
        await expect(versions.nth(1)).to_contain_text("former")

        await page.get_by_role("link", name="default@1").click()
        await expect(heading).to_have_text("Model default@1")
        await expect(page.get_by_role("link", name="default@1")).to_have_attribute(
            "aria-current", "page"
        )
        await page.go_back()
        await expect(heading).to_have_text("Model default@2")

        assert errors == []


@needs_browser
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/matches/%E0%A4%A", "No such match"),
        ("/matches/..%2F..%2Fhealthz", "No such match"),
        ("/models/none@7", "There is no version none@7."),
        ("/models/%E0%A4%A", "There is no version %E0%A4%A."),
    ],
)
async def test_an_address_of_nothing_says_so(served: Any, path: str, words: str) -> None:
    async with served(models=SHIPPED) as client, browser(CHROMIUM or "") as (page, _):
        answer = await page.goto(f"{client.base_url}{path}")

        # A path that the server itself refuses is a problem of its own, and no page.
        if answer is not None and answer.ok:
            await expect(page.locator("main")).to_contain_text(words)
        else:
            await expect(page.locator("body")).to_contain_text("nothing is served")


def test_the_page_is_smaller_than_200_kb_in_all() -> None:
    sizes = {path.name: path.stat().st_size for path in PAGE.rglob("*") if path.is_file()}

    assert "uPlot.LICENSE" in sizes
    assert sum(sizes.values()) < MOST_BYTES
