"""What several answers have in common: freshness, entity tags, and words for an unknown match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.problems import problem

if TYPE_CHECKING:
    from starlette.responses import Response

    from dashboard.hub import Hub

JSON = "application/json"


def freshness_headers(hub: Hub) -> dict[str, str]:
    """How old the answer may be, and that it has to be asked for again."""
    return {
        "Age": str(int(hub.age_s)),
        "Sabi-Freshness": hub.freshness.value,
        "Cache-Control": "no-cache",
    }


def is_held(if_none_match: str | None, etag: str) -> bool:
    """Whether the client holds this version: weak comparison, as RFC 9110 wants it here."""
    if if_none_match is None:
        return False
    held = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in held or etag.removeprefix("W/") in held


def unknown_match(match_id: str) -> Response:
    """Say that there is no such match, and how to find those there are."""
    detail = (
        "no match of this id was announced, or its retention ended; ids look like "
        "e0-2024-25-arsenal-chelsea-1, and /v1/predictions lists those there are"
    )
    return problem(404, detail, match_id=match_id[:200])
