"""Which matches a reader asks for: parsed from the query string, one field at a time."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard.order import place_of
from schemas.slugs import slug

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import QueryParams

    from dashboard.mirror import Change, Entry, Mirror

STATUSES = ("scheduled", "live", "finished", "postponed", "cancelled", "abandoned", "awarded")
MAX_LIMIT = 2_000
MAX_MATCHES = 100
DEFAULT_LIMIT = 500
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LIMIT = re.compile(r"-?\d{1,4000}", re.ASCII)
_MAX_SLUG = 200


class QueryError(ValueError):
    """A field of the query string that cannot be read; names it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Query:
    """None says: any."""

    match_ids: frozenset[str] | None = None
    competition: str | None = None
    date: dt.date | None = None
    status: str | None = None
    team: str | None = None

    def matches(self, entry: Entry | None) -> bool:
        """Whether a forecast is asked for."""
        if entry is None:
            return False
        head = entry.head
        return (
            (self.match_ids is None or head.match_id in self.match_ids)
            and (self.competition is None or self.competition == head.competition)
            and (self.status is None or self.status == head.status)
            and (self.team is None or self.team in entry.teams)
            and (self.date is None or self.date == day_of(entry))
        )

    def concerns(self, change: Change) -> bool:
        """Whether a change is asked for: also when it took a match out of the selection."""
        return self.matches(change.now) or self.matches(change.before)

    def select(self, mirror: Mirror) -> list[Entry]:
        """The matches asked for, by kick-off, then id."""
        if self.match_ids is not None:
            held = filter(None, map(mirror.get, self.match_ids))
            return sorted(filter(self.matches, held), key=place_of)
        named = {"competition": self.competition, "status": self.status, "team": self.team}
        parts = [(what, name) for what, name in named.items() if name is not None]
        places = mirror.order.shortest(parts, self.date)
        found = [entry for _, match_id in places if (entry := mirror.get(match_id)) is not None]
        # Of one list alone nothing has to be looked at again.
        return found if len(parts) < 2 else [entry for entry in found if self.matches(entry)]  # noqa: PLR2004


def day_of(entry: Entry) -> dt.date:
    """The date of the kick-off, UTC."""
    return entry.head.kick_off.astimezone(dt.UTC).date()


def is_slug(words: str) -> bool:
    """Whether *words* could be a match id or a competition at all."""
    return len(words) <= _MAX_SLUG and _SLUG.fullmatch(words) is not None


def parse_query(params: QueryParams) -> Query:
    """Read the filters; an empty one is none.

    Raises:
        QueryError: When a field is malformed; names it.
    """
    return Query(
        match_ids=_matches(params),
        competition=_slug(params, "competition", "e0"),
        date=_date(params),
        status=_status(params),
        team=_team(params),
    )


def parse_limit(params: Mapping[str, str]) -> int:
    """Read how many matches at most, clamped to 1 … 2,000.

    Raises:
        QueryError: When it is no whole number.
    """
    words = params.get("limit") or str(DEFAULT_LIMIT)
    if not _LIMIT.fullmatch(words):
        raise QueryError("limit", f"write a whole number from 1 to {MAX_LIMIT}")
    return min(max(int(words), 1), MAX_LIMIT)


def _matches(params: QueryParams) -> frozenset[str] | None:
    """Several may be given, by commas or by naming the field again."""
    words = [word for given in params.getlist("match") for word in given.split(",") if word]
    if len(words) > MAX_MATCHES:
        raise QueryError("match", f"name at most {MAX_MATCHES} matches")
    if not all(map(is_slug, words)):
        reason = "write ids such as e0-2024-25-arsenal-chelsea-1, with commas between them"
        raise QueryError("match", reason)
    return frozenset(words) or None


def _slug(params: Mapping[str, str], field: str, example: str) -> str | None:
    words = params.get(field)
    if not words:
        return None
    if not is_slug(words):
        raise QueryError(field, f"write lower case letters, digits and hyphens, such as {example}")
    return words


def _team(params: Mapping[str, str]) -> str | None:
    """A team's id: a slug, or the name as it is where nothing of it fits into one."""
    words = params.get("team")
    if words and len(words) <= _MAX_SLUG and words.isprintable() and not _has_slug(words):
        return words
    return _slug(params, "team", "man-united")


def _has_slug(words: str) -> bool:
    try:
        slug(words)
    except ValueError:
        return False
    return True


def _date(params: Mapping[str, str]) -> dt.date | None:
    words = params.get("date")
    if not words:
        return None
    try:
        if _DATE.fullmatch(words):
            return dt.date.fromisoformat(words)
    except ValueError:
        pass
    raise QueryError("date", "write the day of the kick-off (UTC) as 2025-05-24")


def _status(params: Mapping[str, str]) -> str | None:
    words = params.get("status")
    if not words:
        return None
    if words not in STATUSES:
        raise QueryError("status", f"write one of {', '.join(STATUSES)}")
    return words
