"""The last forecast before kick-off of each match, out of all its revisions in any order."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time

import msgspec
from msgspec import Struct


class PreMatch(Struct, frozen=True):
    """The part of a forecast that is scored."""

    match_id: str
    kick_off: dt.datetime
    as_of: dt.datetime
    epoch: int
    revision: int
    home: float
    draw: float
    away: float
    model: str
    simulated: bool


_decoder = msgspec.json.Decoder(PreMatch)


class LastForecasts:
    """Keeps, for each match it is shown, the newest forecast made before kick-off."""

    def __init__(self) -> None:
        self.by_match: dict[str, PreMatch] = {}
        self.seen = 0

    def add(self, body: bytes) -> None:
        """Look at one forecast's bytes."""
        self.seen += 1
        found = _decoder.decode(body)
        if found.as_of >= found.kick_off:
            return
        held = self.by_match.get(found.match_id)
        if held is None or (found.epoch, found.revision) > (held.epoch, held.revision):
            self.by_match[found.match_id] = found
