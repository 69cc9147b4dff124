"""The feeds that commands play: results, incidents by the minute, or a simulated league."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from producers import betfair, football_data, incidents, simulate
from producers.match_events import Wanted
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
_RESULTS = "football-data.co.uk"


@dataclass
class Feed:
    """Matches, the events that prove them, and the rows that could not be read."""

    name: str
    simulated: bool
    matches: list[MatchRow]
    events: Callable[[], Iterator[AnyEvent]]
    unread: list[RowError] = field(default_factory=list)
    played: frozenset[str] = frozenset()
    """The matches whose play is told by the minute."""
    about: int | None = None
    """About how many events there are, where that is known before they are made."""

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


def from_incidents(
    source: str,
    settings: Settings,
    *,
    results: str | None = None,
    aliases: Path | None = None,
    odds: Odds = "closing",
    until: dt.date | None = None,
    ticks: tuple[int, ...] = incidents.MARKS,
    play_from: dt.date | None = None,
) -> Feed:
    """Read the folder of incidents *source*, joined with *results* in football-data's layout.

    Without *results* they are looked for in a folder ``football-data.co.uk`` in *source* or beside
    it. Matches before ``play_from`` are told by their results alone.

    Raises:
        FeedError: When there is nothing to read.
    """
    unread: list[RowError] = []
    archive = incidents.load(
        source,
        results=results or _results_near(Path(source)),
        aliases=incidents.load_aliases(aliases),
        competitions=load_competitions(settings.competitions),
        report=unread.append,
    )
    archive = archive if until is None else archive.until(until)
    telling = incidents.Telling(Wanted(odds=odds), ticks, play_from)
    return Feed(
        name=source,
        simulated=False,
        matches=archive.matches,
        events=lambda: archive.events(telling),
        unread=unread,
        played=frozenset(story.row.match_id for story in archive.stories if story.adds_up),
        about=archive.about(telling),
    )


def _results_near(source: Path) -> Path | None:
    for folder in (source / _RESULTS, source.resolve().parent / _RESULTS):
        if folder.is_dir():
            return folder
    return None


def from_simulation(seed: int) -> Feed:
    """Make up a league: two seasons, of which the newer is played."""
    made = simulate.league(seed)
    return Feed(name="a simulated league", simulated=True, matches=made.matches, events=made.events)


def from_betfair(
    paths: list[Path], fixtures: Path, settings: Settings, tally: betfair.Tally
) -> Feed:
    """Read recorded stream files; *fixtures* says which match each Betfair event is.

    Raises:
        FeedError: When a file cannot be read.
        SettingsError: When the table of fixtures cannot.
    """
    competitions = load_competitions(settings.competitions)
    table = betfair.load_fixtures(fixtures, competitions)
    unread: list[RowError] = []
    return Feed(
        name=", ".join(path.name for path in paths),
        simulated=False,
        matches=[],
        events=lambda: betfair.read(paths, table, competitions, tally=tally, report=unread.append),
        unread=unread,
    )


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
