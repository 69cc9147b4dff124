"""Slugs and match ids: ascii, lower case, words joined by hyphens."""

from __future__ import annotations

import re
import unicodedata

_OTHER = re.compile(r"[^a-z0-9]+")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i"})


def slug(words: str) -> str:
    """Write *words* with ``a-z``, ``0-9``, single hyphens: ``Nott'm Forest`` is ``nott-m-forest``.

    Raises:
        ValueError: When nothing is left.
    """
    plain = unicodedata.normalize("NFKD", words.lower().translate(_LETTERS))
    found = _OTHER.sub("-", plain.encode("ascii", "ignore").decode()).strip("-")
    if not found:
        msg = f"{words!r} holds no letter or digit that a slug can keep"
        raise ValueError(msg)
    return found


def match_id(competition: str, season: str, home: str, away: str, meeting: int = 1) -> str:
    """Name a match: ``e0-2024-25-man-united-fulham-1``; *meeting* counts them at that ground."""
    return f"{slug(competition)}-{slug(season)}-{slug(home)}-{slug(away)}-{meeting}"
