"""What a reader of one match sees of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.dashboard.bodies import MATCH_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

PATH = f"/v1/predictions/{MATCH_ID}"


def shows(client: httpx.AsyncClient, etag: str) -> Callable[[], Any]:
    """A condition: the match's forecast is the one of that ETag."""

    async def is_shown() -> bool:
        return bool((await client.get(PATH)).headers.get("etag") == etag)

    return is_shown
