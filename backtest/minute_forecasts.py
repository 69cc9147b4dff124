"""The forecast at each scored minute of each match, out of all its revisions in any order."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from schemas.forecast import Quality, Score

if TYPE_CHECKING:
    from collections.abc import Iterable

BEFORE_KICK_OFF = 0


class Made(Struct, frozen=True):
    """The part of a forecast that is scored."""

    match_id: str
    kick_off: dt.datetime
    as_of: dt.datetime
    epoch: int
    revision: int
    home: float
    draw: float
    away: float
    quality: Quality
    minute: int | None = None
    score: Score | None = None


_decoder = msgspec.json.Decoder(Made)


class MinuteForecasts:
    """Keeps, for each match, the newest forecast before kick-off and the newest of each mark.

    A mark's forecast is the newest whose minute is the mark while the match is not over: after all
    that happened in that minute, stoppage included.
    """

    def __init__(self, marks: Iterable[int]) -> None:
        self.by_mark: dict[tuple[str, int], Made] = {}
        self.seen = 0
        self._marks = frozenset(marks) - {BEFORE_KICK_OFF}

    def add(self, body: bytes) -> None:
        """Look at one forecast's bytes."""
        self.seen += 1
        made = _decoder.decode(body)
        if made.as_of < made.kick_off:
            mark = BEFORE_KICK_OFF
        elif made.quality is not Quality.FINAL and made.minute in self._marks:
            mark = made.minute
        else:
            return
        key = made.match_id, mark
        held = self.by_mark.get(key)
        if held is None or (made.epoch, made.revision) > (held.epoch, held.revision):
            self.by_mark[key] = made
