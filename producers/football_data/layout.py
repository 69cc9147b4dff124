"""Where the files lie: ``mmz4281/<season>/<division>.csv``, plain or gzipped, or one file alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from producers.football_data.seasons import folder_of, season_of
from schemas.errors import FeedError, RowError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

EXPECTED = "mmz4281/<season>/<division>.csv (or .csv.gz), such as mmz4281/2425/E0.csv"
_DIVISION = re.compile(r"[A-Z]{1,3}\d?|EC", re.IGNORECASE)
_NAME = re.compile(r"(?P<stem>[^.]+)\.csv(\.gz)?", re.IGNORECASE)
_ALONE = re.compile(r"(?P<division>[A-Za-z]{1,3}\d?)_(?P<season>\d{4}-\d\d)")
# The folder given may be a season, hold seasons, hold mmz4281, or hold the site's folder.
_DEPTHS = ("", "*/", "*/*/", "*/*/*/")


class SourceFile(Struct, frozen=True, order=True):
    """One division's season."""

    season: str
    division: str
    path: Path

    @property
    def label(self) -> str:
        """The file as a message names it."""
        return "/".join(self.path.parts[-3:])


def locate(
    source: Path,
    *,
    seasons: Collection[str] | None,
    divisions: Collection[str] | None,
    report: Callable[[RowError], None],
) -> list[SourceFile]:
    """Find the files below a folder, or take the one file named, in (season, division) order.

    Raises:
        FeedError: When nothing is there, or nothing of the seasons and divisions wanted.
    """
    try:
        found = [_single(source)] if source.is_file() else _below(source, report)
    except OSError as error:
        raise FeedError(f"{source} cannot be looked at: {error}") from error
    wanted_seasons = None if seasons is None else {known_season(season) for season in seasons}
    wanted = [
        file
        for file in found
        if (wanted_seasons is None or file.season in wanted_seasons)
        and (divisions is None or file.division in {name.lower() for name in divisions})
    ]
    if not wanted:
        there = ", ".join(sorted({f"{folder_of(file.season)}/{file.division}" for file in found}))
        raise FeedError(f"{source} holds none of the seasons and divisions wanted, only {there}")
    return wanted


def known_season(words: str) -> str:
    """Read a season as people write it.

    Raises:
        FeedError: When it is none.
    """
    season = season_of(words)
    if season is None:
        raise FeedError(f"{words!r} is no season: write 2024-25 or 2425")
    return season


def _single(path: Path) -> SourceFile:
    if found := _from_path(path.absolute()) or _from_name(path):
        return found
    raise FeedError(
        f"the season of {path} is unknown: expected {EXPECTED}, or a name such as E0_2024-25.csv"
    )


def _below(folder: Path, report: Callable[[RowError], None]) -> list[SourceFile]:
    if not folder.is_dir():
        raise FeedError(f"{folder} does not exist: expected a folder with {EXPECTED}")
    folder = folder.absolute()
    paths = sorted(
        path
        for depth in _DEPTHS
        for ending in ("*.csv", "*.csv.gz")
        for path in folder.glob(depth + ending)
    )
    found = [file for path in paths if (file := _from_path(path))]
    found = found or [file for path in paths if (file := _from_name(path))]
    if not found:
        raise FeedError(f"no season's csv file lies in or below {folder}: expected {EXPECTED}")
    return _without_copies(sorted(found), report)


def _without_copies(
    files: list[SourceFile], report: Callable[[RowError], None]
) -> list[SourceFile]:
    first: dict[tuple[str, str], SourceFile] = {}
    for file in files:
        taken = first.setdefault((file.season, file.division), file)
        if taken is not file:
            report(RowError(file.label, 0, f"a second copy of {taken.label}; it is not read"))
    return list(first.values())


def _from_path(path: Path) -> SourceFile | None:
    name = _NAME.fullmatch(path.name)
    season = season_of(path.parent.name)
    if name is None or season is None or not _DIVISION.fullmatch(name["stem"]):
        return None
    return SourceFile(season, name["stem"].lower(), path)


def _from_name(path: Path) -> SourceFile | None:
    name = _NAME.fullmatch(path.name)
    found = _ALONE.fullmatch(name["stem"]) if name else None
    season = season_of(found["season"]) if found else None
    return SourceFile(season, found["division"].lower(), path) if found and season else None
