"""Where a page of matches ends and the next begins: a place in the order, not a number of rows."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from bisect import bisect_right
from typing import TYPE_CHECKING, Annotated, TypeAlias

import msgspec

from dashboard.order import Place, place_of
from dashboard.query import QueryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.mirror import Entry

_Given: TypeAlias = tuple[Annotated[dt.datetime, msgspec.Meta(tz=True)], str]
_decoder: msgspec.json.Decoder[Place] = msgspec.json.Decoder(_Given)


def parse_cursor(params: Mapping[str, str]) -> Place | None:
    """Read where to go on; none says: at the beginning.

    Raises:
        QueryError: When it is no cursor of ours.
    """
    words = params.get("cursor")
    if not words:
        return None
    try:
        raw = base64.b64decode(words + "=" * (-len(words) % 4), altchars=b"-_", validate=True)
        return _decoder.decode(raw)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        reason = "write the next_cursor of the page before, or leave it out to begin"
        raise QueryError("cursor", reason) from error


def page(entries: list[Entry], after: Place | None, limit: int) -> tuple[list[Entry], str | None]:
    """At most *limit* of *entries*, which are in order, and the cursor of the page that follows."""
    start = bisect_right(entries, after, key=place_of) if after else 0
    found = entries[start : start + limit]
    if start + limit >= len(entries):
        return found, None
    raw = msgspec.json.encode(place_of(found[-1]))
    return found, base64.urlsafe_b64encode(raw).decode().rstrip("=")
