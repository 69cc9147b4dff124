"""A headless Chromium, driven over a pipe: its own protocol, NUL between messages."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import tempfile
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--remote-debugging-pipe",
)


def find() -> str | None:
    """The browser of this machine, if it has one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """One tab."""

    def __init__(self, reader: asyncio.StreamReader, write_fd: int) -> None:
        self._reader = reader
        self._write_fd = write_fd
        self._ids = itertools.count(1)
        self._session: str | None = None
        self.errors: list[str] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write_fd, json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads((await self._reader.readuntil(b"\0"))[:-1])
            if answer.get("method") == "Runtime.exceptionThrown":
                self.errors.append(json.dumps(answer["params"]))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    async def attach(self) -> None:
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = attached["sessionId"]
        await self.call("Runtime.enable")

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)

    async def value(self, script: str) -> Any:
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")


@asynccontextmanager
async def browser(executable: str) -> AsyncIterator[Page]:
    """Start it with a profile of its own, and leave nothing behind."""
    from_us, to_us = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(prefix="sabi-", ignore_cleanup_errors=True) as profile:
        # It reads from descriptor 3 and writes to 4: a shell puts them there.
        line = f'exec "$@" 3<&{from_us[0]} 4>&{to_us[1]}'
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", line, "browser", executable, *FLAGS, f"--user-data-dir={profile}"),
            pass_fds=(from_us[0], to_us[1]),
            stderr=asyncio.subprocess.DEVNULL,
        )
        os.close(from_us[0])
        os.close(to_us[1])
        reader = asyncio.StreamReader(limit=2**24)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(to_us[0], "rb")
        )
        page = Page(reader, from_us[1])
        try:
            await page.attach()
            yield page
        finally:
            page._session = None
            with suppress(asyncio.IncompleteReadError, OSError):
                await page.call("Browser.close")
            await process.wait()
            transport.close()
            os.close(from_us[1])
