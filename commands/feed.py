"""The feed that ``up`` plays: football-data from a folder or the site, else a simulated league."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from producers import football_data, simulate
from producers.timetable import ANNOUNCED_BEFORE
from schemas.competitions import load_competitions
from schemas.errors import FeedError, RowError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from commands.settings import Settings
    from producers.match_events import Odds
    from producers.match_rows import MatchRow
    from schemas.events import AnyEvent

SITE = "https://www.football-data.co.uk"


@dataclass
class Feed:
    """Matches, the events that prove them, and the rows that could not be read."""

    name: str
    simulated: bool
    matches: list[MatchRow]
    events: Callable[[], Iterator[AnyEvent]]
    unread: list[RowError] = field(default_factory=list)

    @property
    def newest_season(self) -> str:
        """The season that is played; those before it only build state."""
        return max(row.season for row in self.matches)

    @property
    def newest_begins(self) -> dt.datetime:
        """When the first fixture of the newest season is announced."""
        newest = self.newest_season
        return min(row.kick_off for row in self.matches if row.season == newest) - ANNOUNCED_BEFORE


def from_football_data(source: str, settings: Settings, odds: Odds = "closing") -> Feed:
    """Read the folder or address *source*.

    Raises:
        FeedError: When there is nothing to read.
    """
    table = load_competitions(settings.competitions)
    unread: dict[str, RowError] = {}

    def report(error: RowError) -> None:
        # Read once for the matches and once for the events: each bad row counts once.
        unread.setdefault(str(error), error)

    matches = football_data.matches(source, competitions=table, report=report)
    if not matches:
        msg = f"{source} holds no match that can be read; {len(unread)} rows were refused"
        raise FeedError(msg)
    return Feed(
        name=source,
        simulated=False,
        matches=matches,
        events=lambda: football_data.read(source, odds=odds, competitions=table, report=report),
        unread=list(unread.values()),
    )


def from_simulation(seed: int) -> Feed:
    """Make up a league: two seasons, of which the newer is played."""
    made = simulate.league(seed)
    return Feed(name="a simulated league", simulated=True, matches=made.matches, events=made.events)


def choose(data: str | None, settings: Settings, say: Callable[[str], None]) -> Feed:
    """Take the folder or address *data*; without one the site, and without that a simulation.

    Raises:
        FeedError: When *data* was given and cannot be read.
    """
    if data is not None:
        return from_football_data(data, settings)
    try:
        return from_football_data(SITE, settings)
    except FeedError as error:
        say(f"{error}")
        say("Playing a SIMULATED league instead; give --data DIR for real matches.")
        return from_simulation(seed=1)
