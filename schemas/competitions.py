"""Competitions and the pool each belongs to: a table that users can edit."""

from __future__ import annotations

import tomllib
from pathlib import Path

from msgspec import Struct, ValidationError, convert

from schemas.errors import SettingsError

SHIPPED = Path(__file__).with_name("competitions.toml")


class Competition(Struct, frozen=True):
    """A league as people know it, and the pool in which its teams' results matter."""

    name: str
    country: str
    pool: str


def load_competitions(path: Path = SHIPPED) -> dict[str, Competition]:
    """Read the table: from a competition's code to the competition.

    Raises:
        SettingsError: When the file cannot be read or an entry lacks a field.
    """
    try:
        return convert(tomllib.loads(path.read_text("utf-8")), dict[str, Competition])
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        msg = f"the table of competitions {path} cannot be read: {error}"
        raise SettingsError(msg) from error
