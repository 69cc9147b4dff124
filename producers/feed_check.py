"""Checks a feed's events as if they were live: read, then folded by the very code that runs."""

from __future__ import annotations

import enum
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from features import World, fold
from producers.faults import Fault, fault_of
from producers.not_for_feeds import refusal
from producers.oddities import oddities
from schemas.errors import MalformedEventError, RejectedEventError
from schemas.events import FixtureScheduled, decode_event, type_name

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from producers.documents import Document
    from schemas.competitions import Competition
    from schemas.events import AnyEvent


class Severity(enum.Enum):
    """An error means that the event would be set aside; a warning, that it is read otherwise."""

    ERROR = "error"
    WARNING = "warning"


class Finding(Struct, frozen=True):
    """One thing that is wrong with one event."""

    line: int
    id: str
    severity: Severity
    field: str
    reason: str


class FeedCheck:
    """Looks at one event after the other and counts what it saw.

    With *continues* the feed goes on from another one, so that matches which were not announced
    here may have been announced before.
    """

    def __init__(self, competitions: Mapping[str, Competition], *, continues: bool = False) -> None:
        self._competitions = competitions
        self._continues = continues
        self._world = World()
        self._said: dict[tuple[str, str], tuple[int, int]] = {}
        self.events = 0
        self.wrong = 0
        self.warnings = 0
        self.copies = 0
        self.types: Counter[str] = Counter()
        self.matches: set[str] = set()
        self.first: dt.datetime | None = None
        self.last: dt.datetime | None = None

    def look(self, document: Document) -> list[Finding]:
        """All that is wrong with one event."""
        self.events += 1
        try:
            event = decode_event(document.raw)
        except MalformedEventError as error:
            self.wrong += 1
            fault = fault_of(error)
            return [Finding(document.number, "", Severity.ERROR, fault.field, fault.reason)]
        self._count(event)
        findings = [
            Finding(document.number, event.id, Severity.ERROR, fault.field, fault.reason)
            for fault in self._errors(event, document)
        ]
        self.wrong += bool(findings)
        warnings = [
            Finding(document.number, event.id, Severity.WARNING, fault.field, fault.reason)
            for fault in oddities(event, document.raw)
        ]
        self.warnings += len(warnings)
        return findings + warnings

    def _count(self, event: AnyEvent) -> None:
        self.types[type_name(event)] += 1
        if event.subject:
            self.matches.add(event.subject)
        self.first = min(self.first or event.time, event.time)
        self.last = max(self.last or event.time, event.time)

    def _errors(self, event: AnyEvent, document: Document) -> Iterator[Fault]:
        key, content = (event.source, event.id), hash(document.raw)
        first = self._said.setdefault(key, (document.number, content))
        if first[0] != document.number:
            if first[1] == content:
                self.copies += 1
            else:
                yield Fault("id", f"stands for something else at {first[0]}; this is not stored")
            return
        if (fault := refusal(event, self._competitions)) is not None:
            yield fault
            return
        yield from self._folded(event)

    def _folded(self, event: AnyEvent) -> Iterator[Fault]:
        announced = event.subject in self._world.matches or isinstance(event, FixtureScheduled)
        if self._continues and event.subject and not announced:
            return
        try:
            fold(self._world, event)
        except RejectedEventError as error:
            yield Fault("", str(error))
        self._world.take_changes()
