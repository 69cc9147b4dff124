"""The table of names: which team of football-data.co.uk a team of the incidents files is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeAlias

from msgspec import ValidationError, convert

from schemas.errors import SettingsError

Aliases: TypeAlias = dict[str, dict[str, str]]
"""From a competition's code and a name in the incidents files to the name in the results files."""

SHIPPED = Path(__file__).with_name("aliases.toml")


def load_aliases(own: Path | None = None) -> Aliases:
    """Read the shipped table, with the lines of *own* before its.

    Raises:
        SettingsError: When a file cannot be read, or is no table of names.
    """
    table = _read(SHIPPED)
    if own is not None:
        for competition, names in _read(own).items():
            table[competition] = table.get(competition, {}) | names
    return table


def _read(path: Path) -> Aliases:
    try:
        return convert(tomllib.loads(path.read_text("utf-8")), Aliases)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        msg = f"the table of team names {path} cannot be read: {error}"
        raise SettingsError(msg) from error
