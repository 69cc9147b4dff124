"""Small folders of matches and incidents, typed for the case that a test is about."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MATCHES = "match_id,league,season,date,home,away,home_goals,away_goals"
INCIDENTS = "match_id,minute,stoppage,type,side"
MATCH = "7,E0,2024,2025-01-18,leicester-city,fc-fulham,0,2"
PLAY = ("7,30,0,Y,H", "7,48,0,G,A", "7,45,2,R,H", "7,68,0,G,A", "7,90,4,Y,H")


def write_incidents(folder: Path, *matches: str, incidents: tuple[str, ...] = PLAY) -> Path:
    """Write the two files; give the folder."""
    for name, lines in (
        ("matches.csv.gz", [MATCHES, *(matches or [MATCH])]),
        ("incidents.csv.gz", [INCIDENTS, *incidents]),
    ):
        (folder / name).write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    return folder
