"""``/v1/matches/{id}``: its timeline, as followed and as recorded before, and its incidents."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec
from starlette.responses import Response

from dashboard.answers import JSON, freshness_headers, is_held, unknown_match
from dashboard.incidents import Incidents, standing
from dashboard.problems import problem
from dashboard.query import is_slug
from dashboard.recorded import AwayError
from dashboard.timeline import is_complete, merged, points_of, timeline

if TYPE_CHECKING:
    from starlette.requests import Request

    from dashboard.hub import Hub
    from dashboard.recorded import Recorded
    from dashboard.timeline import Point

MOST_MATCHES = 500
"""Of so many matches the recorded points are remembered, so that Postgres is asked for new ones."""
MOST_OPEN = 200
"""So many matches that are being played are asked for before anybody looks at them."""
OPEN = "live"
REMEMBERED_S = 2.0
"""For so long the incidents of a match are not asked for again."""


class History:
    """The handler of one server; without *recorded* it knows what it followed itself."""

    def __init__(self, hub: Hub, recorded: Recorded | None) -> None:
        self._hub = hub
        self._recorded = recorded
        self._known: OrderedDict[str, tuple[bytes, list[Point]]] = OrderedDict()
        self._incidents_of: OrderedDict[str, tuple[float, Incidents]] = OrderedDict()

    async def timeline(self, request: Request) -> Response:
        """``GET /v1/matches/{match_id}/timeline``: every published revision, oldest first."""
        match_id = request.path_params["match_id"]
        if not is_slug(match_id):
            return unknown_match(match_id)
        away = False
        try:
            await self._ask(match_id)
        except AwayError:
            away = True
        # Only now: what is newest may have changed while Postgres was asked.
        newest, points = self._held(match_id)
        if not newest:
            return _cannot_say(match_id) if away else unknown_match(match_id)
        told = timeline(newest, points)
        return self._answer(request, told.points[-1], len(told.points), msgspec.json.encode(told))

    async def incidents(self, request: Request) -> Response:
        """``GET /v1/matches/{match_id}/incidents``: goals, cards and reviews as they stand."""
        match_id = request.path_params["match_id"]
        if not is_slug(match_id) or self._hub.mirror.get(match_id) is None:
            return unknown_match(match_id)
        told = await self._incidents(match_id)
        body = msgspec.json.encode(told)
        etag = f'W/"{crc32(body):x}"'
        headers = {"ETag": etag} | freshness_headers(self._hub)
        if is_held(request.headers.get("if-none-match"), etag):
            return Response(status_code=304, headers=headers)
        return Response(body, 200, headers, JSON)

    async def _incidents(self, match_id: str) -> Incidents:
        """As Postgres has them; asked once in some seconds, however many readers ask."""
        now_s = time.monotonic()
        asked_s, told = self._incidents_of.get(match_id, (-REMEMBERED_S, None))
        if told is not None and now_s - asked_s < REMEMBERED_S:
            return told
        nothing = Incidents(match_id=match_id, source=None, complete=False, incidents=[])
        if self._recorded is None:
            return nothing
        try:
            told = standing(match_id, await self._recorded.incidents(match_id))
        except AwayError:
            return nothing
        self._incidents_of[match_id] = (now_s, told)
        self._incidents_of.move_to_end(match_id)
        if len(self._incidents_of) > MOST_MATCHES:
            self._incidents_of.popitem(last=False)
        return told

    async def recall(self, pause_s: float) -> None:
        """Fetch what was recorded of each match as it begins, so that no reader waits; for ever."""
        while True:
            if self._hub.filled:
                await self._recall_open()
            await asyncio.sleep(pause_s)

    async def _recall_open(self) -> None:
        # Once a match: what comes after that is followed, and to look whether it reaches back
        # costs a decoding of every body, which reads would wait for.
        live = [entry.head.match_id for entry in self._hub.mirror if entry.head.status == OPEN]
        try:
            for match_id in live[-MOST_OPEN:]:
                if match_id not in self._known:
                    await self._ask(match_id)
        except AwayError:
            return  # it was logged; the next turn tries again

    def _held(self, match_id: str) -> tuple[bytes, list[Point]]:
        """The newest body of a match, empty if there is none, and the points we know of."""
        newest, recorded = self._known.get(match_id, (b"", []))
        followed = self._hub.followed.of(match_id)
        entry = self._hub.mirror.get(match_id)
        if entry is not None:
            newest = entry.raw
            followed = [*followed, newest]
        return newest, merged(recorded, points_of(followed))

    def _answer(self, request: Request, last: Point, count: int, body: bytes) -> Response:
        etag = f'W/"{last.epoch}-{last.revision}-{count}"'
        headers = {"ETag": etag} | freshness_headers(self._hub)
        if is_held(request.headers.get("if-none-match"), etag):
            return Response(status_code=304, headers=headers)
        return Response(body, 200, headers, JSON)

    async def _ask(self, match_id: str) -> None:
        """Have what Postgres holds of a match, unless memory has it all.

        It is asked once at least: of an earlier epoch only Postgres may know.
        """
        if self._recorded is None:
            return
        body, recorded = self._known.get(match_id, (b"", []))
        if match_id in self._known:
            self._known.move_to_end(match_id)
            if self._reaches(match_id, recorded):
                return
        bodies = await self._recorded.since(match_id, recorded[-1].version if recorded else (0, 0))
        if bodies or self._hub.mirror.get(match_id) is not None:
            known = merged(recorded, points_of(bodies))
            self._known[match_id] = (bodies[-1] if bodies else body, known)
            self._known.move_to_end(match_id)
            if len(self._known) > MOST_MATCHES:
                self._known.popitem(last=False)

    def _reaches(self, match_id: str, recorded: list[Point]) -> bool:
        """Whether Postgres can hold nothing that we lack."""
        entry = self._hub.mirror.get(match_id)
        if entry is None:
            return False
        if recorded and recorded[-1].version == entry.head.version:
            return True
        return is_complete(self._held(match_id)[1])


def _cannot_say(match_id: str) -> Response:
    detail = "this match is not held here, and Postgres does not answer; ask again shortly"
    return problem(503, detail, match_id=match_id, headers={"Retry-After": "2"})
