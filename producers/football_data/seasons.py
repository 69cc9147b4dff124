"""Seasons as football-data.co.uk abbreviates them, and the days on which they can be played."""

from __future__ import annotations

import datetime as dt
import re

_FOLDER = re.compile(r"(\d\d)(\d\d)")
_LONG = re.compile(r"(\d{4})[-/](\d\d)")
_FIRST_YEAR_OF_THE_SITE = 1993
_CENTURY = 100
_JULY = 7


def season_of(words: str) -> str | None:
    """Read ``2425``, ``2024-25`` or ``2024/25`` as ``2024-25``; none when it is no season."""
    if found := _FOLDER.fullmatch(words):
        start = _year(int(found[1]))
    elif found := _LONG.fullmatch(words):
        start = int(found[1])
    else:
        return None
    return season_from(start) if (start + 1) % _CENTURY == int(found[2]) else None


def season_from(start: int) -> str:
    """Name the season that begins in the year *start*."""
    return f"{start}-{(start + 1) % _CENTURY:02}"


def folder_of(season: str) -> str:
    """Give the folder of a season: ``2425`` for ``2024-25``."""
    return season[2:4] + season[5:]


def days_of(season: str) -> tuple[dt.date, dt.date]:
    """Give the first and the last day on which a match of the season can be played."""
    start = int(season[:4])
    # Spring 2020 was played in the summer.
    end = (8, 31) if season == "2019-20" else (6, 30)
    return dt.date(start, _JULY, 1), dt.date(start + 1, *end)


def newest_seasons(today: dt.date, count: int) -> list[str]:
    """Name the seasons that have begun by *today*, newest last; one begins in August."""
    newest = today.year if today.month > _JULY else today.year - 1
    return [season_from(newest - back) for back in reversed(range(count))]


def _year(short: int) -> int:
    century = 1900 if short >= _FIRST_YEAR_OF_THE_SITE % _CENTURY else 2000
    return century + short
