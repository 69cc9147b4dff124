"""The newest forecast of every match as the very bytes of its key, held in memory. Pure."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeAlias

import msgspec
from msgspec import Struct

from dashboard.order import Order
from schemas.slugs import slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


Instant: TypeAlias = Annotated[dt.datetime, msgspec.Meta(tz=True)]
"""A time with its offset: without one it cannot be compared with others."""


class Head(Struct, frozen=True, gc=False):
    """What the mirror has to know of a forecast; the other fields of its JSON are skipped."""

    match_id: str
    competition: str
    kick_off: Instant
    home_team: str
    away_team: str
    status: str
    epoch: int
    revision: int
    as_of: Instant

    @property
    def version(self) -> tuple[int, int]:
        """What orders the forecasts of one match."""
        return (self.epoch, self.revision)


@dataclass(slots=True, eq=False)
class Entry:
    """A forecast's bytes, what we read of them, and its place in the order of our changes."""

    raw: bytes
    head: Head
    sequence: int
    teams: tuple[str, str]
    """The slugs of home and away team."""
    sent_headers: bytes | None = None
    """What every answer with these bytes says, as it is sent, once the first was given."""
    event: bytes | None = None
    """These bytes as the stream tells them, once it did."""

    @property
    def etag(self) -> str:
        """The entity tag: ``"epoch-revision"``, quotes included."""
        return f'"{self.head.epoch}-{self.head.revision}"'


@dataclass(frozen=True, slots=True)
class Change:
    """A match whose newest forecast changed: what was there before, what is there now."""

    match_id: str
    before: Entry | None
    now: Entry | None


_head_of: msgspec.json.Decoder[Head] = msgspec.json.Decoder(Head)


@functools.lru_cache(maxsize=20_000)
def _slug(team: str) -> str:
    """A team's slug; none can be made of a name without latin letters, so that its own stands."""
    try:
        return slug(team)
    except ValueError:
        return team


class Mirror:
    """Matches by id; a forecast is replaced only by one with a higher (epoch, revision)."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self.order = Order()
        self.sequence = 0
        self.clock: dt.datetime | None = None
        """The newest event time of any forecast seen: the feed's "now"."""
        self.epoch: int | None = None
        """The newest history of the streams seen."""

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def ids(self) -> set[str]:
        """The ids of every match held."""
        return set(self._entries)

    def get(self, match_id: str) -> Entry | None:
        """The newest forecast of a match, or none when it is not held."""
        return self._entries.get(match_id)

    def apply(self, raw: bytes) -> Change | None:
        """Take a forecast in; none when what we hold is as new or newer.

        Raises:
            msgspec.DecodeError: When *raw* is no forecast.
        """
        head = _head_of.decode(raw)
        held = self._entries.get(head.match_id)
        if held is not None and head.version <= held.head.version:
            return None
        self.sequence += 1
        entry = Entry(raw, head, self.sequence, (_slug(head.home_team), _slug(head.away_team)))
        # Out and in again: the entries stand in the order of their newest changes.
        if held is not None:
            del self._entries[head.match_id]
        self._entries[head.match_id] = entry
        self.order.put(held, entry)
        if self.clock is None or head.as_of > self.clock:
            self.clock = head.as_of
        if self.epoch is None or head.epoch > self.epoch:
            self.epoch = head.epoch
        return Change(head.match_id, held, entry)

    def is_ahead_of(self, match_id: str, raw: bytes) -> bool:
        """Whether we hold a newer forecast of this match than *raw*, which may be none at all."""
        held = self._entries.get(match_id)
        if held is None or held.raw == raw:
            return False
        try:
            return _head_of.decode(raw).version < held.head.version
        except msgspec.DecodeError:
            return False

    def drop(self, match_ids: Iterable[str]) -> list[Change]:
        """Forget matches whose keys are gone: their retention ended."""
        changes = []
        for match_id in sorted(match_ids):
            held = self._entries.pop(match_id, None)
            if held is not None:
                self.sequence += 1
                self.order.put(held, None)
                changes.append(Change(match_id, held, None))
        return changes

    def since(self, sequence: int) -> list[Entry]:
        """The matches that changed after *sequence*, in the order of their newest change."""
        newest_first = reversed(self._entries.values())
        newer = list(itertools.takewhile(lambda entry: entry.sequence > sequence, newest_first))
        return newer[::-1]
