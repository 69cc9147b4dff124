"""Which match a Betfair event is: a table that users write, as nothing is merged by guess."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from msgspec import Struct, ValidationError, convert

from schemas.errors import SettingsError
from schemas.slugs import match_id

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.competitions import Competition


class Fixture(Struct, frozen=True, forbid_unknown_fields=True):
    """A match as the other feeds know it; ``meeting`` counts meetings at that ground."""

    competition: str
    season: str
    home: str
    away: str
    meeting: int = 1

    @property
    def match_id(self) -> str:
        """The id that all feeds share."""
        return match_id(self.competition, self.season, self.home, self.away, self.meeting)


def load_fixtures(path: Path, competitions: dict[str, Competition]) -> dict[str, Fixture]:
    """Read the table: one entry an event, named by Betfair's event id.

    Raises:
        SettingsError: When it cannot be read, or names what cannot be a match.
    """
    try:
        table = convert(tomllib.loads(path.read_text("utf-8")), dict[str, Fixture])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        msg = f"the table of fixtures {path} cannot be read: {error}"
        raise SettingsError(msg) from error
    for event_id, fixture in table.items():
        if fixture.competition not in competitions:
            known = ", ".join(sorted(competitions))
            msg = f"{path}, [{event_id}]: {fixture.competition!r} is no competition of {known}"
            raise SettingsError(msg)
        try:
            _ = fixture.match_id
        except ValueError as error:
            msg = f"{path}, [{event_id}]: {error}"
            raise SettingsError(msg) from error
    return table
