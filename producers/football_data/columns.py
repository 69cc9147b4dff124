"""Which column holds what: five generations of the same file named them differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from schemas.errors import FeedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producers.match_rows import Bookmaker

_TEAM_COLUMNS: Final = {"home": ("HomeTeam", "HT", "Home"), "away": ("AwayTeam", "AT", "Away")}
_RESULT_COLUMNS: Final = {
    "home_score": ("FTHG", "HG"),
    "away_score": ("FTAG", "AG"),
    "outcome": ("FTR", "Res"),
    "home_half_time": ("HTHG",),
    "away_half_time": ("HTAG",),
}
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "division": ("Div",),
    "date": ("Date",),
    "time": ("Time",),
    **_TEAM_COLUMNS,
    **_RESULT_COLUMNS,
    "home_shots": ("HS",),
    "away_shots": ("AS",),
    "home_shots_on_target": ("HST",),
    "away_shots_on_target": ("AST",),
    "home_corners": ("HC",),
    "away_corners": ("AC",),
    "home_fouls": ("HF",),
    "away_fouls": ("AF",),
    "home_yellows": ("HY",),
    "away_yellows": ("AY",),
    "home_reds": ("HR",),
    "away_reds": ("AR",),
}
STATISTICS: Final = tuple(_NAMES)[tuple(_NAMES).index("home_shots") :]
_NEEDED: Final = ("date", "home", "away")

# What stands before H, D and A in the name of a price's column, newest generation first.
_OPENING: Final[dict[Bookmaker, tuple[str, ...]]] = {
    "avg": ("Avg", "BbAv"),
    "ps": ("PS", "P"),
    "b365": ("B365",),
}
_CLOSING: Final[dict[Bookmaker, tuple[str, ...]]] = {
    "avg": ("AvgC",),
    "ps": ("PSC", "PC"),
    "b365": ("B365C",),
}


class PriceColumns(Struct, frozen=True):
    """Where one bookmaker's home, draw and away prices stand."""

    bookmaker: Bookmaker
    names: tuple[str, str, str]
    indices: tuple[int, int, int]


class Columns(Struct, frozen=True):
    """Where everything stands; a name that the file lacks has no index."""

    indices: dict[str, int]
    opening: list[PriceColumns]
    closing: list[PriceColumns]

    def cell(self, cells: Sequence[str], name: str) -> str:
        """Give the cell under a name; empty where the column or the cell is missing."""
        index = self.indices.get(name)
        return "" if index is None else cell_at(cells, index)


def cell_at(cells: Sequence[str], index: int) -> str:
    """Give a cell; a row that ends early has empty ones."""
    return cells[index] if index < len(cells) else ""


def columns_of(header: Sequence[str]) -> Columns:
    """Find the columns.

    Raises:
        FeedError: When the header names no date or no teams.
    """
    at = {name: index for index, name in reversed(list(enumerate(header))) if name}
    indices = {
        meaning: at[found]
        for meaning, names in _NAMES.items()
        if (found := next((name for name in names if name in at), None))
    }
    if missing := [name for name in _NEEDED if name not in indices]:
        wanted = ", ".join("/".join(_NAMES[name]) for name in missing)
        raise FeedError(f"the first line names no column {wanted}: is this a results file?")
    return Columns(indices, _prices(at, _OPENING), _prices(at, _CLOSING))


def _prices(at: dict[str, int], prefixes: dict[Bookmaker, tuple[str, ...]]) -> list[PriceColumns]:
    found = []
    for bookmaker, names in prefixes.items():
        for prefix in names:
            home, draw, away = f"{prefix}H", f"{prefix}D", f"{prefix}A"
            if home in at and draw in at and away in at:
                indices = at[home], at[draw], at[away]
                found.append(PriceColumns(bookmaker, (home, draw, away), indices))
                break
    return found
