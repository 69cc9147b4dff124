"""Single cells: dates in four forms, times in four, whole numbers that went through Excel."""

from __future__ import annotations

import datetime as dt
import re

_DAY_FIRST = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d\d)")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d\d)-(\d\d)( 00:00:00)?")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d)(?::\d\d)?|\.(\d{1,2}))?")
_WHOLE = re.compile(r"\d{1,4}(\.0*)?")
_PRICE = re.compile(r"\d+(\.\d*)?|\.\d+")
# The site's first season is 1993/94.
_FIRST_SHORT_YEAR = 93
_CENTURY = 100
_HOURS = 24
_MINUTES = 60
HIGHEST_PRICE = 10_000.0


class CellError(ValueError):
    """A cell that says something else than its column should."""


def read_date(cell: str) -> dt.date:
    """Read ``13/08/05``, ``13/08/2005``, ``13-08-2005`` or ``2005-08-13``.

    Raises:
        CellError: When it is no day of the calendar.
    """
    if found := _DAY_FIRST.fullmatch(cell):
        day, month, year = (int(part) for part in found.groups())
        if year < _CENTURY:
            year += 1900 if year >= _FIRST_SHORT_YEAR else 2000
    elif found := _YEAR_FIRST.fullmatch(cell):
        year, month, day = (int(part) for part in found.groups()[:3])
    else:
        raise CellError(f"{cell!r} is no date: expected dd/mm/yyyy, dd/mm/yy or yyyy-mm-dd")
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise CellError(f"{cell!r} is no day of the calendar") from error


def read_time(cell: str) -> dt.time | None:
    """Read ``20:00``, ``20:00:00``, ``20``, or ``19.45`` and ``12.3``; none where it is missing.

    The last two are hours and minutes that went through Excel as a number: 19:45 and 12:30.

    Raises:
        CellError: When it is no time of day.
    """
    if not cell:
        return None
    found = _CLOCK.fullmatch(cell)
    hour, minute = (int(found[1]), _minutes(found)) if found else (_HOURS, 0)
    if hour >= _HOURS or minute >= _MINUTES:
        raise CellError(f"{cell!r} is no time of day: expected hh:mm")
    return dt.time(hour, minute)


def _minutes(found: re.Match[str]) -> int:
    # Excel drops a number's last zero: .3 is half past.
    return int(found[2] or (found[3] or "0").ljust(2, "0"))


def read_whole(cell: str, *, most: int) -> int | None:
    """Read ``3`` or Excel's ``3.0``; none where it is missing.

    Raises:
        CellError: When it is no whole number from 0 to *most*.
    """
    if not cell:
        return None
    if not _WHOLE.fullmatch(cell) or int(cell.partition(".")[0]) > most:
        raise CellError(f"{cell!r} is no whole number from 0 to {most}")
    return int(cell.partition(".")[0])


def read_price(cell: str) -> float | None:
    """Read a decimal price; none where it is missing or no price at all (0, 1 or less).

    Raises:
        CellError: When it is no number or beyond any price.
    """
    if not cell:
        return None
    if not _PRICE.fullmatch(cell):
        raise CellError(f"{cell!r} is no price")
    price = float(cell)
    if price > HIGHEST_PRICE:
        raise CellError(f"{cell!r} is no price: at most {HIGHEST_PRICE:g} is believed")
    return price if price > 1.0 else None
