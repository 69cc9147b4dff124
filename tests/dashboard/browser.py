"""A headless Chromium driven by Playwright; Debian's own, so that nothing has to be fetched."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from playwright.async_api import async_playwright

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


def find() -> str | None:
    """The browser of this machine, if it has one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@asynccontextmanager
async def browser(executable: str, **context: Any) -> AsyncIterator[tuple[Page, list[str]]]:
    """One tab, and every error that it told of: thrown, logged or refused by the policy."""
    async with async_playwright() as driver:
        started = await driver.chromium.launch(executable_path=executable, args=list(FLAGS))
        opened = await started.new_context(**context)
        page = await opened.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        try:
            yield page, errors
        finally:
            await started.close()
