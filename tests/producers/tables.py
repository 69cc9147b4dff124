"""Small results files, typed for the quirk that a test is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.errors import RowError

HEADER = (
    "Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG,FTR,HTHG,HTAG,HTR,HS,AS,HST,AST,"
    "AvgH,AvgD,AvgA,AvgCH,AvgCD,AvgCA"
)
# A Saturday in winter, when London and UTC agree.
ROW = "E0,18/01/2025,15:00,Leicester,Fulham,0,2,A,0,0,D,9,14,2,6,2.6,3.5,2.7,2.75,3.4,2.6"


def row(**cells: str) -> str:
    """The usual row with some cells replaced by their column's name."""
    names = HEADER.split(",")
    values = dict(zip(names, ROW.split(","), strict=True)) | cells
    return ",".join(values[name] for name in names)


def write(
    folder: Path, *lines: str, header: str = HEADER, season: str = "2425", division: str = "E0"
) -> Path:
    """Write one division's season below *folder* as the site lays it out; give the file."""
    path = folder / "mmz4281" / season / f"{division}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return path


def unexpected(error: RowError) -> None:
    """A report for tests in which every row must be read."""
    raise error
