"""The web page: one document for every address of it, and the files it asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    import os

    from starlette.requests import Request
    from starlette.types import Scope

PAGE = Path(__file__).with_name("page")
ADDRESSES = ("/", "/matches/{match_id}", "/models", "/models/{label}", "/system")
"""What the page's own router knows; the address is the state, and can be shared."""
FRESH = {"Cache-Control": "no-cache"}
"""Asked again each time, and answered by 304: modules of two versions must never meet."""


class _Files(StaticFiles):
    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers.update(FRESH)
        return answer


def page_routes() -> list[Route | Mount]:
    """The document, its icon, and the folder of modules and styles."""

    async def page(_request: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers=FRESH)

    async def favicon(_request: Request) -> Response:
        return FileResponse(PAGE / "favicon.svg", headers={"Cache-Control": "max-age=86400"})

    return [
        *[Route(address, page) for address in ADDRESSES],
        Route("/favicon.ico", favicon),
        Mount("/page", _Files(directory=PAGE)),
    ]
