"""Goals and cards by the minute, from a folder with ``matches.csv.gz`` and ``incidents.csv.gz``.

Joined with football-data.co.uk's rows where a table of names proves that both tell of one match.
"""

from producers.incidents.aliases import SHIPPED, load_aliases
from producers.incidents.archive import Archive, load
from producers.incidents.telling import MARKS, SOURCE, Telling

__all__ = ["MARKS", "SHIPPED", "SOURCE", "Archive", "Telling", "load", "load_aliases"]
