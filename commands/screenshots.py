"""``sabiscore screenshots``: what people see, as pictures for the documentation."""

from __future__ import annotations

import base64
import json
import shutil
import urllib.request
from pathlib import Path  # noqa: TC003 - msgspec reads annotations at run time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from msgspec import Struct

from commands.palette import png_of
from commands.saturday import serving
from schemas.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from playwright.sync_api import Browser, Page
    from rich.console import Console

    from commands.saturday import Afternoon
    from commands.settings import Settings

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_DEVICES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1200, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}
_SHOWN = {
    "matches": ".match .spark:visible",
    "match": ".mark-of.goal, .frame canvas",
    "model": ".calibration canvas",
    "system": ".feeds .alive",
}
_DECODE = """async (png) => {
  const source = await fetch(`data:image/png;base64,${png}`);
  const picture = await createImageBitmap(await source.blob());
  const { width, height } = picture;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const blob = new Blob([data]);
  const read = new FileReader();
  await new Promise((done) => { read.onload = done; read.readAsDataURL(blob); });
  return { width, height, rgba: read.result.split(",")[1] };
}"""
_AT_WORK_MS = 11_000
_SETTLED_MS = 3_000
"""Flashes of what changed have faded, and the rows on the screen know their history."""


class Plan(Struct, frozen=True, kw_only=True):
    """What to take pictures of, and where to put them."""

    afternoon: Afternoon
    out: Path
    browser: str | None


def find_browser(given: str | None) -> str:
    """The program to drive.

    Raises:
        SettingsError: When there is none.
    """
    found = shutil.which(given) if given else next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        sought = given or "Chromium"
        raise SettingsError(f"no {sought} here: install it (Debian: chromium), or say --browser")
    return found


def screenshots(settings: Settings, plan: Plan, console: Console) -> list[Path]:
    """Serve the afternoon, take every page on every device in both schemes, return the files.

    Raises:
        SettingsError: When there is no browser, or Playwright is not installed.
        SabiscoreError: When a part of the service does not start.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        msg = "pictures need Playwright for Python, which comes with the extra dev"
        raise SettingsError(msg) from error
    executable = find_browser(plan.browser)
    plan.out.mkdir(parents=True, exist_ok=True)
    with serving(settings, plan.afternoon, console) as service, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=_FLAGS)
        files = list(_take(browser, plan.out, "system", f"{service.address}/system", _AT_WORK_MS))
        service.finish()
        for name, path in _pages(service.address).items():
            files += _take(browser, plan.out, name, f"{service.address}{path}", _SETTLED_MS)
        browser.close()
    return files


def _pages(address: str) -> dict[str, str]:
    return {"matches": "/", "match": f"/matches/{_liveliest(address)}", "model": "/models"}


def _liveliest(address: str) -> str:
    """The match in play with the most goals; the first there is where none is played."""
    matches = _predictions(address, "?status=live") or _predictions(address, "?limit=1")
    goals = [sum((match["score"] or {"none": 0}).values()) for match in matches]
    return str(matches[goals.index(max(goals))]["match_id"])


def _predictions(address: str, query: str) -> list[Any]:
    with urllib.request.urlopen(f"{address}/v1/predictions{query}") as answer:  # noqa: S310 - ours
        found: list[Any] = json.load(answer)["predictions"]
    return found


def _take(browser: Browser, out: Path, name: str, url: str, wait_ms: int) -> Iterator[Path]:
    canvas = browser.new_page()
    opened = []
    for device, options in _DEVICES.items():
        for scheme in _SCHEMES:
            page = browser.new_context(color_scheme=scheme, **options).new_page()
            page.goto(url)
            opened.append((page, out / f"{name}-{device}-{scheme}.png"))
    opened[0][0].wait_for_timeout(wait_ms)
    for page, file in opened:
        yield _picture(page, _SHOWN[name], file, canvas)
        page.context.close()
    canvas.context.close()


def _picture(page: Page, shown: str, file: Path, canvas: Page) -> Path:
    page.locator(shown).first.wait_for(state="visible")
    file.write_bytes(png_of(_pixels(page.screenshot(), canvas)))
    return file


def _pixels(png: bytes, canvas: Page) -> NDArray[np.uint8]:
    """Read a PNG, shape (height, width, 4), uint8: the browser knows how, so we need not."""
    told = canvas.evaluate(_DECODE, base64.b64encode(png).decode())
    flat = np.frombuffer(base64.b64decode(told["rgba"]), np.uint8)
    return flat.reshape(told["height"], told["width"], 4)
