"""How a match's forecast moved: every revision that was published, as a point. Pure."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from schemas.forecast import Cause, Delta, ExpectedGoals, Score  # noqa: TC001 - msgspec reads them

if TYPE_CHECKING:
    from collections.abc import Iterable


class Probabilities(Struct, frozen=True):
    """Of a home win, a draw and an away win."""

    home: float
    draw: float
    away: float


class Point(Struct, frozen=True, kw_only=True):
    """One revision: what was forecast, what the market thought, and why it changed."""

    epoch: int
    revision: int
    as_of: dt.datetime
    status: str
    minute: int | None
    score: Score | None
    home: float
    draw: float
    away: float
    market: Probabilities | None
    delta: Delta
    cause: Cause
    quality: str
    model: str
    expected_goals: ExpectedGoals | None = None
    over_2_5: float | None = None
    both_score: float | None = None

    @property
    def version(self) -> tuple[int, int]:
        """What orders the points of one match."""
        return (self.epoch, self.revision)


class Fixture(Struct, frozen=True):
    """Whose timeline it is; read from the newest body."""

    match_id: str
    competition: str
    kick_off: dt.datetime
    home_team: str
    away_team: str


class Timeline(Struct, frozen=True, kw_only=True):
    """Points in the order of (epoch, revision); ``complete`` when none is missing."""

    match_id: str
    competition: str
    kick_off: dt.datetime
    home_team: str
    away_team: str
    complete: bool
    points: list[Point]


_point_of: msgspec.json.Decoder[Point] = msgspec.json.Decoder(Point)
_fixture_of: msgspec.json.Decoder[Fixture] = msgspec.json.Decoder(Fixture)


def points_of(bodies: Iterable[bytes]) -> list[Point]:
    """Read the point of each body.

    Raises:
        msgspec.DecodeError: When one is no forecast.
    """
    return [_point_of.decode(raw) for raw in bodies]


def merged(*parts: Iterable[Point]) -> list[Point]:
    """Each revision once, in order; of two copies that of the later part counts."""
    found = {point.version: point for part in parts for point in part}
    return [found[version] for version in sorted(found)]


def timeline(newest: bytes, points: list[Point]) -> Timeline:
    """Tell how the match of the body *newest* came to it.

    Raises:
        msgspec.DecodeError: When *newest* is no forecast.
    """
    about = _fixture_of.decode(newest)
    return Timeline(
        match_id=about.match_id,
        competition=about.competition,
        kick_off=about.kick_off,
        home_team=about.home_team,
        away_team=about.away_team,
        complete=is_complete(points),
        points=points,
    )


def is_complete(points: list[Point]) -> bool:
    """Whether revisions begin at 1 and none is left out; another epoch may repeat some."""
    reached = 0
    for point in points:
        if point.revision > reached + 1:
            return False
        reached = point.revision
    return bool(points)
