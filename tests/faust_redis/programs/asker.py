# ruff: noqa: T201
# mypy: ignore-errors
"""Ask the program of answers, from outside of any worker."""

import asyncio
import json

from answers import app, square


async def main() -> None:
    """Ask once, then many at a time, in order and as they come."""
    asked = await square.ask(7)
    joined = await square.join(range(10))
    mapped = sorted([value async for value in square.map([3, 4])])
    print(json.dumps([asked, joined, mapped]))
    await app.stop()


asyncio.run(main())
