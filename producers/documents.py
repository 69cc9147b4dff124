"""Bodies of many events, as feeds send them, taken apart into one document each."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from schemas.errors import FeedError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Form(enum.Enum):
    """How a body holds its events, by its media type."""

    LINES = "application/x-ndjson"
    BATCH = "application/cloudevents-batch+json"
    ONE = "application/cloudevents+json"


MEDIA_TYPES = {
    **{form.value: form for form in Form},
    "application/ndjson": Form.LINES,
    "application/jsonl": Form.LINES,
}
"""The media types that are read."""


class Document(Struct, frozen=True):
    """One event as it was sent; *number* is its line, or its place in a batch, from 1."""

    number: int
    raw: bytes


_batch = msgspec.json.Decoder(list[msgspec.Raw])


def documents(body: bytes, form: Form) -> Iterator[Document]:
    """Take a body apart, in order; empty lines are no documents but count as lines.

    Raises:
        FeedError: When a batch is no JSON array.
    """
    if form is Form.LINES:
        for number, line in enumerate(body.split(b"\n"), 1):
            if stripped := line.strip():
                yield Document(number, stripped)
        return
    if form is Form.ONE:
        yield Document(1, body.strip())
        return
    try:
        parts = _batch.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FeedError(f"the body is no JSON array of events: {error}") from error
    for number, part in enumerate(parts, 1):
        yield Document(number, bytes(part))


def form_of(body: bytes) -> Form:
    """The form of a body that does not name its media type."""
    start = body.lstrip()[:1]
    if start == b"[":
        return Form.BATCH
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Form.LINES
    return Form.ONE
