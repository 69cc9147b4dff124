"""Which matches a reader wants, and that none of them goes back. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from schemas.forecast import Forecast
from schemas.slugs import slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Forecasts: TypeAlias = list[Forecast]
"""By kick-off, then id."""


class Selection(Struct, frozen=True, kw_only=True):
    """None says: any; ``date`` is the day of the kick-off (UTC), ``team`` a slug."""

    matches: tuple[str, ...] | None = None
    competition: str | None = None
    date: dt.date | None = None
    status: str | None = None
    team: str | None = None

    def has(self, forecast: Forecast) -> bool:
        """Whether a forecast is of a match that is wanted."""
        return (
            (self.matches is None or forecast.match_id in self.matches)
            and self.competition in {None, forecast.competition}
            and self.status in {None, forecast.status}
            and self.date in {None, forecast.kick_off.astimezone(dt.UTC).date()}
            and self.team in {None, *_teams(forecast)}
        )

    def params(self) -> dict[str, str]:
        """The same as fields of a query string."""
        said = {
            "match": None if self.matches is None else ",".join(self.matches),
            "competition": self.competition,
            "date": None if self.date is None else self.date.isoformat(),
            "status": self.status,
            "team": self.team,
        }
        return {name: value for name, value in said.items() if value is not None}


EVERYTHING = Selection()


class Newest:
    """Lets a forecast pass once, and only when it is newer than the last one of its match."""

    def __init__(self) -> None:
        self._versions: dict[str, tuple[int, int]] = {}

    def pass_on(self, forecasts: Iterable[Forecast]) -> Iterator[Forecast]:
        """Those of *forecasts* that are news."""
        for forecast in forecasts:
            version = (forecast.epoch, forecast.revision)
            if version > self._versions.get(forecast.match_id, (0, 0)):
                self._versions[forecast.match_id] = version
                yield forecast


def _teams(forecast: Forecast) -> Iterator[str]:
    for team in (forecast.home_team, forecast.away_team):
        try:
            yield slug(team)
        except ValueError:  # nothing of it fits into a slug
            yield team
