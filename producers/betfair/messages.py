"""The ``mcm`` format of the Betfair Exchange Stream API, as recorded: one JSON message a line."""

from __future__ import annotations

import bz2
import gzip
from typing import IO, TYPE_CHECKING, Annotated, TypeAlias, cast

import msgspec
from msgspec import Meta, Struct

from schemas.errors import FeedError, RowError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Report: TypeAlias = Callable[[RowError], None]

MAX_LINE_BYTES = 16 * 1024 * 1024
"""An image of a large market has some hundred kilobytes."""

_BZIP2, _GZIP = b"BZh", b"\x1f\x8b"

PriceSize: TypeAlias = tuple[float, float]
LevelPriceSize: TypeAlias = tuple[int, float, float]
# 1970 to 2500, in milliseconds.
Milliseconds = Annotated[int, Meta(ge=0, le=16_725_225_600_000)]


class UnreadableError(Exception):
    """A change of a market that cannot be read: its market's id, empty where not even that can."""

    def __init__(self, market_id: str, reason: str) -> None:
        super().__init__(reason)
        self.market_id = market_id


class RunnerChange(Struct, frozen=True):
    """What changed of one runner; a size of 0 takes a price or a level away."""

    id: int
    hc: float | None = 0.0
    ltp: float | None = None
    tv: float | None = None
    atb: list[PriceSize] = []
    atl: list[PriceSize] = []
    batb: list[LevelPriceSize] = []
    batl: list[LevelPriceSize] = []
    trd: list[PriceSize] = []


class RunnerDefinition(Struct, frozen=True, rename="camel"):
    """One runner: its name, its place in the list, and whether it is still in or has won."""

    id: int
    status: str
    sort_priority: int
    name: str = ""
    hc: float | None = 0.0


class MarketDefinition(Struct, frozen=True, rename="camel"):
    """What a market is about, and its state; ``version`` grows with every change of these."""

    event_id: str
    market_type: str
    status: str
    in_play: bool
    version: int
    market_time: str
    runners: list[RunnerDefinition]
    event_name: str = ""
    name: str = ""


class Change(Struct, frozen=True, rename="camel"):
    """What changed of one market; an image (``img``) replaces all that was known."""

    id: str
    market_definition: MarketDefinition | None = None
    rc: list[RunnerChange] = []
    img: bool = False
    con: bool = False
    tv: float | None = None


class Message(Struct, frozen=True):
    """One market change message; a heartbeat has no changes."""

    op: str
    pt: Milliseconds
    clk: str | None = None
    ct: str | None = None
    mc: list[msgspec.Raw] = []
    """One by one, so that a market that cannot be read takes no other with it."""


class _Named(Struct, frozen=True):
    """The part of a change without which nobody knows what was lost."""

    id: str


class _Other(Struct, frozen=True):
    """A message of another kind, such as the answer to a subscription."""

    op: str


_decoder = msgspec.json.Decoder(Message)
_change = msgspec.json.Decoder(Change)
_named = msgspec.json.Decoder(_Named)
_other = msgspec.json.Decoder(_Other)


def read_messages(path: Path, report: Report) -> Iterator[tuple[int, Message]]:
    """Yield each message with its line number; a line that is none is reported, and the rest go on.

    Raises:
        FeedError: When the file cannot be read; what came before a break in it has been yielded.
    """
    number = 0
    try:
        with _unpacked(path) as lines:
            while line := lines.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise FeedError(f"{path}, line {number}: longer than {MAX_LINE_BYTES} bytes")
                if line.strip():
                    yield from _message(line, path, number, report)
    except (OSError, EOFError) as error:
        raise FeedError(f"{path} cannot be read beyond line {number}: {error}") from error


def read_change(raw: msgspec.Raw) -> Change:
    """Read one market's change.

    Raises:
        UnreadableError: When it is none.
    """
    try:
        return _change.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        try:
            market_id = _named.decode(raw).id
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            market_id = ""
        raise UnreadableError(market_id, str(error)) from error


def _unpacked(path: Path) -> IO[bytes]:
    with path.open("rb") as opened:
        magic = opened.read(len(_BZIP2))
    if magic == _BZIP2:
        return bz2.open(path)
    # The class, as gzip.open is typed too wide.
    return cast("IO[bytes]", gzip.GzipFile(path)) if magic[:2] == _GZIP else path.open("rb")


def _message(line: bytes, path: Path, number: int, report: Report) -> Iterator[tuple[int, Message]]:
    try:
        if _other.decode(line).op == "mcm":
            yield number, _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        report(RowError(path.name, number, f"no message of a market: {error}"))
