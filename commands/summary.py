"""What a run came to: matches, events, forecasts, reads, and accuracy beside the market's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from rich import box
from rich.table import Table
from sqlalchemy import create_engine, func, select

from backtest.minute_forecasts import MinuteForecasts
from backtest.predictions import join_marks
from backtest.scoring import LeagueScores, by_league
from schemas.competitions import load_competitions
from schemas.tables import events as events_table
from schemas.tables import forecasts as forecasts_table

if TYPE_CHECKING:
    from rich.console import Console

    from commands.feed import Feed
    from commands.read_probe import Reads
    from commands.settings import Settings
    from model_store.evaluate import Scores

_PAGE_ROWS = 5000


class Summary(Struct, frozen=True, kw_only=True):
    """The figures of one run of ``up --once``."""

    feed: str
    simulated: bool
    model: str
    season: str
    matches: int
    rows_unread: int
    events: int
    events_per_s: float
    events_archived: int
    events_set_aside: int
    forecasts_recorded: int
    reads: int
    read_hit_share: float
    reads_that_went_back: int
    leagues: list[LeagueScores]


def recorded_forecasts(database_url: str, run: str, feed: Feed) -> tuple[MinuteForecasts, int]:
    """Read the played season's forecasts back from Postgres; and count all of the run's."""
    season = {row.match_id for row in feed.matches if row.season == feed.newest_season}
    last = MinuteForecasts(())
    table = forecasts_table
    query = select(table.c.match_id, table.c.body).where(table.c.run == run)
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            found = connection.execution_options(yield_per=_PAGE_ROWS).execute(query)
            for match_id, body in found:
                if match_id in season:
                    last.add(bytes(body))
            count = connection.scalar(
                select(func.count()).select_from(table).where(table.c.run == run)
            )
    finally:
        engine.dispose()
    return last, int(count or 0)


def archived_events(database_url: str, run: str) -> int:
    """Count the events of *run* in Postgres."""
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            count = connection.scalar(
                select(func.count()).select_from(events_table).where(events_table.c.run == run)
            )
    finally:
        engine.dispose()
    return int(count or 0)


def summarise(
    settings: Settings,
    feed: Feed,
    *,
    model: str,
    published: int,
    seconds: float,
    set_aside: int,
    reads: Reads,
) -> Summary:
    """Gather the figures of a run that is committed, recorded and archived."""
    database = str(settings.database)
    last, recorded = recorded_forecasts(database, settings.run, feed)
    season = [row for row in feed.matches if row.season == feed.newest_season]
    return Summary(
        feed=feed.name,
        simulated=feed.simulated,
        model=model,
        season=feed.newest_season,
        matches=len(feed.matches),
        rows_unread=len(feed.unread),
        events=published,
        events_per_s=published / seconds if seconds else 0.0,
        events_archived=archived_events(database, settings.run),
        events_set_aside=set_aside,
        forecasts_recorded=recorded,
        reads=reads.total,
        read_hit_share=reads.hit_share,
        reads_that_went_back=reads.went_back,
        leagues=by_league(join_marks(season, last.by_mark, (), (), "closing")),
    )


def as_json(summary: Summary) -> str:
    """Write *summary* for a script."""
    return msgspec.json.format(msgspec.json.encode(summary), indent=2).decode()


def show(summary: Summary, settings: Settings, console: Console) -> None:
    """Write *summary* for a person."""
    if summary.simulated:
        console.print("[bold yellow]SIMULATED: these matches were made up.[/]")
    counts = Table(title="What happened", show_header=False)
    for name, value in _counts(summary):
        counts.add_row(name, value)
    console.print(counts)
    mark = " (SIMULATED)" if summary.simulated else ""
    title = f"Season {summary.season}{mark}: last forecast before kick-off, closing market"
    console.print(accuracy_table(summary.leagues, title, settings))


def _counts(summary: Summary) -> list[tuple[str, str]]:
    return [
        ("Feed", summary.feed),
        ("Model", summary.model),
        ("Matches", f"{summary.matches:,}"),
        ("Rows that could not be read", f"{summary.rows_unread:,}"),
        ("Events", f"{summary.events:,} ({summary.events_per_s:,.0f} a second)"),
        ("Events in Postgres", f"{summary.events_archived:,}"),
        ("Events set aside", f"{summary.events_set_aside:,}"),
        ("Forecasts in Postgres", f"{summary.forecasts_recorded:,}"),
        ("Reads while it ran", f"{summary.reads:,}"),
        ("Read hits", f"{summary.read_hit_share:.2%}"),
        ("Reads that went back", f"{summary.reads_that_went_back:,}"),
    ]


def accuracy_table(leagues: list[LeagueScores], title: str, settings: Settings) -> Table:
    """Lay out each league's figures, the market's beside them."""
    names = load_competitions(settings.competitions)
    # No rules between columns: it has to fit a terminal of 80.
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=0)
    table.add_column("League", no_wrap=True)
    for heading in ("Matches", "Accuracy", "market", "Log-loss", "market", "RPS", "market"):
        table.add_column(heading, justify="right")
    for place, league in enumerate(leagues, start=1):
        known = names.get(league.league)
        table.add_row(
            known.name if known else league.league.capitalize(),
            str(league.n),
            *_pair(league, "accuracy", ".1%"),
            *_pair(league, "log_loss", ".4f"),
            *_pair(league, "rps", ".4f"),
            end_section=place == len(leagues) - 1,
        )
    return table


def _pair(league: LeagueScores, measure: str, form: str) -> tuple[str, str]:
    def told(scores: Scores | None) -> str:
        return "–" if scores is None else format(getattr(scores, measure).value, form)

    return told(league.model), told(league.market)
