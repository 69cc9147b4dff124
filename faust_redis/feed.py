"""One topic of one partition: where its cursor stands and what was read ahead of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faust_redis.positions import START

if TYPE_CHECKING:
    from faust.types.tuples import TP

    from faust_redis.ownership import StartFrom

Entry = tuple[bytes, list[bytes]]
"""An entry's id and its fields and values, as XREAD replies them."""


@dataclass(frozen=True, slots=True)
class Source:
    """A topic that the app reads."""

    topic: str
    partitions: int
    max_records: int
    batches: bool
    start_from: StartFrom | None = None
    rest_s: float = 0.0

    @property
    def suffix(self) -> str:
        """What the names of its cursor's fields end in; a batch topic's are plain."""
        return "" if self.batches else f":{self.topic}"


@dataclass(slots=True, eq=False)
class Feed:
    """A source's stream in one partition."""

    source: Source
    stream: str
    tp: TP
    key: bytes = b""
    """The stream's name as the server replies it."""
    position: str = START
    """Committed."""
    taken_to: str = START
    """Handed out to rounds."""
    read_to: str = START
    committed: str = ""
    """The newest position that a commit of ours reached; survives a loss of the partition."""
    backlog: deque[Entry] = field(default_factory=deque)

    def __post_init__(self) -> None:
        """Note the name as the server replies it."""
        self.key = self.stream.encode()

    def start(self, position: str) -> None:
        """Begin reading after a position."""
        self.position = self.taken_to = self.read_to = position
        self.backlog.clear()

    @property
    def wants_records(self) -> bool:
        """True while less than a round waits here."""
        return len(self.backlog) < self.source.max_records

    def extend(self, entries: list[Entry]) -> None:
        """Take entries that follow what was read before."""
        self.backlog.extend(entries)
        self.read_to = entries[-1][0].decode()
