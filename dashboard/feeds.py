"""Which feeds were heard, when, and which of them the clock says are silent. Pure."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
from dataclasses import dataclass

import msgspec
from msgspec import Struct

SILENT = "feed.silent"
ALIVE_S = 120.0
"""A feed that sent something so lately is alive, whether or not it sends heartbeats."""
MOST_SOURCES = 200


class FeedRow(Struct, frozen=True):
    """A feed; ``last_event`` is when its last event happened, ``age_s`` since that was stored."""

    source: str
    state: str
    last_event: dt.datetime | None
    age_s: float


class _Data(Struct):
    silent_source: str | None = None


class _Head(Struct):
    """What has to be known of an event."""

    source: str
    type: str
    time: dt.datetime | None = None
    data: _Data | None = None


@dataclass(slots=True)
class _Heard:
    stored_ms: int
    time: dt.datetime | None
    silent: bool = False


_decoder = msgspec.json.Decoder(_Head)


class Feeds:
    """What the events streams told of their sources."""

    def __init__(self) -> None:
        self._heard: dict[str, _Heard] = {}

    def hear(self, stored_ms: int, raw: bytes) -> None:
        """Note one event, stored at *stored_ms* since 1970; bytes that are none say nothing."""
        try:
            head = _decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        silent = head.data.silent_source if head.data and head.type == SILENT else None
        if silent in self._heard:
            self._heard[silent].silent = True
        if head.source in self._heard or len(self._heard) < MOST_SOURCES:
            self._heard[head.source] = _Heard(stored_ms, head.time)

    def rows(self, now_ms: float) -> list[FeedRow]:
        """Tell of every feed, by name."""
        return [self._row(source, now_ms) for source in sorted(self._heard)]

    def _row(self, source: str, now_ms: float) -> FeedRow:
        heard = self._heard[source]
        age_s = max(0.0, (now_ms - heard.stored_ms) / 1000.0)
        lately = "alive" if age_s <= ALIVE_S else "unknown"
        return FeedRow(source, "silent" if heard.silent else lately, heard.time, round(age_s, 1))
