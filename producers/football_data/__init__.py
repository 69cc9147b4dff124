"""Results and odds as football-data.co.uk publishes them, from a folder or from the site."""

from producers.football_data.feed import SOURCE, matches, read
from producers.football_data.site import Site

__all__ = ["SOURCE", "Site", "matches", "read"]
