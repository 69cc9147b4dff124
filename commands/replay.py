"""``sabiscore backtest``: the real agent over recorded matches, in a namespace of its own."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
import time
from itertools import takewhile
from pathlib import Path  # noqa: TC003 - msgspec reads annotations at run time
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from msgspec import Struct

from agents import forecast
from backtest import predictions
from backtest.minute_forecasts import MinuteForecasts
from backtest.parts import by_part
from backtest.scoring import LeagueScores, MinuteScores, by_minute
from commands import drain
from commands.changes import Changes
from commands.feed import from_football_data, from_incidents
from commands.play import play, promote_model, publisher_for
from commands.servers import servers
from commands.supervise import Supervisor
from model_store import ModelStore
from producers.incidents import MARKS
from schemas.errors import FeedError
from schemas.keys import LIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from commands.feed import Feed
    from commands.settings import Settings
    from producers.match_events import Odds
    from producers.match_rows import MatchRow
    from producers.publish import Acknowledgement
    from schemas.events import AnyEvent

# Longer than any match, extra time and long stoppages included.
_A_MATCH = dt.timedelta(hours=4)
FeedName: TypeAlias = Literal["football-data", "incidents"]


class Backtest(Struct, frozen=True, kw_only=True):
    """What to replay, with which model, and what it may see.

    ``results`` and ``aliases`` concern the feed of incidents: what it is joined with, and by which
    table of names beside the shipped one.
    """

    data: str
    from_day: dt.date
    to_day: dt.date
    model: str
    odds: Odds
    out: Path
    feed: FeedName = "football-data"
    results: str | None = None
    aliases: Path | None = None


class Metrics(Struct, frozen=True, kw_only=True):
    """``metrics.json``: what was replayed, and how good the forecasts were.

    ``leagues`` and ``parts`` are the figures before kick-off, ``minutes`` those at every minute
    that was scored.
    """

    data: str
    feed: str
    from_day: dt.date
    to_day: dt.date
    model: str
    odds: str
    market_phase: str
    matches: int
    matches_without_forecast: int
    matches_told_by_minute: int
    rows_unread: int
    events: int
    forecasts: int
    seconds: float
    leagues: list[LeagueScores]
    parts: list[LeagueScores]
    minutes: list[MinuteScores]


def backtest(settings: Settings, plan: Backtest, console: Console) -> Metrics:
    """Replay up to ``to_day``, score from ``from_day`` on, and write the files of the design.

    Raises:
        SabiscoreError: When the feed, the model or a server is not to be had.
        OSError: When the folder of results cannot be made or written to.
    """
    model = ModelStore(settings.models).load(plan.model).label
    feed = _feed(settings, plan)
    wanted = [row for row in feed.matches if plan.from_day <= row.date <= plan.to_day]
    if not wanted:
        msg = f"{plan.data} holds no match from {plan.from_day} to {plan.to_day}"
        raise FeedError(msg)
    # Ahead of the work: a folder that cannot be made is no news for the end of it.
    plan.out.mkdir(parents=True, exist_ok=True)
    own = settings.model_copy(update={"namespace": f"backtest-{secrets.token_hex(4)}"})
    with servers(own, keep=None, database=False, say=console.print) as ready:
        began_s = time.monotonic()
        try:
            with Supervisor() as supervisor:
                supervisor.start(forecast.APP, ["worker", forecast.APP], ready.environment())
                events, forecasts = _replay(ready, plan, model, feed, wanted, supervisor, console)
        finally:
            _forget(ready)
        seconds = time.monotonic() - began_s
    phase: predictions.Phase = "opening" if plan.odds == "opening" else "closing"
    made = predictions.join_marks(wanted, forecasts.by_mark, MARKS, feed.played, phase)
    minutes = by_minute(made)
    before = made[made["minute"] == 0]
    metrics = Metrics(
        data=plan.data,
        feed=plan.feed,
        from_day=plan.from_day,
        to_day=plan.to_day,
        model=model,
        odds=plan.odds,
        market_phase=phase,
        matches=len(before),
        matches_without_forecast=sum(row.outcome is not None for row in wanted) - len(before),
        matches_told_by_minute=sum(row.match_id in feed.played for row in wanted),
        rows_unread=len(feed.unread),
        events=events,
        forecasts=forecasts.seen,
        seconds=round(seconds, 1),
        leagues=minutes[0].leagues if minutes else [],
        parts=by_part(before, feed.matches),
        minutes=minutes,
    )
    predictions.write(made, plan.out / "predictions.csv")
    encoded = msgspec.json.format(msgspec.json.encode(metrics), indent=2)
    (plan.out / "metrics.json").write_bytes(encoded + b"\n")
    return metrics


def _feed(settings: Settings, plan: Backtest) -> Feed:
    if plan.feed == "incidents":
        return from_incidents(
            plan.data,
            settings,
            results=plan.results,
            aliases=plan.aliases,
            odds=plan.odds,
            until=plan.to_day,
            ticks=MARKS,
            play_from=plan.from_day,
        )
    return from_football_data(plan.data, settings, plan.odds)


def _replay(
    settings: Settings,
    plan: Backtest,
    model: str,
    feed: Feed,
    wanted: list[MatchRow],
    supervisor: Supervisor,
    console: Console,
) -> tuple[int, MinuteForecasts]:
    """Play the feed through the agent; return how many events there were, and the forecasts."""
    publisher = publisher_for(settings)
    forecasts = MinuteForecasts(MARKS if feed.played else ())
    with drain.connect(str(settings.redis)) as client:
        changes = Changes(client, settings, forecasts)

        def heard(_acknowledgement: Acknowledgement) -> None:
            supervisor.check()
            changes.look()

        try:
            promote_model(publisher, settings, feed, model)
            count = play(
                _until_the_end(feed, wanted),
                publisher,
                label=f"Backtest to {plan.to_day}",
                total=feed.about,
                speed=float("inf"),
                stop=threading.Event(),
                console=console,
                heard=heard,
            )
        finally:
            publisher.close()
        drain.wait(client, settings, [forecast.APP], supervisor.check)
        changes.take()
    return count, forecasts


def _until_the_end(feed: Feed, wanted: list[MatchRow]) -> Iterator[AnyEvent]:
    """All events up to the last kick-off that is scored, and the play after it where it is told."""
    last = max(wanted, key=lambda row: row.kick_off)
    until = last.kick_off + (_A_MATCH if feed.played else dt.timedelta())
    return takewhile(lambda event: event.time <= until, feed.events())


def _forget(settings: Settings) -> None:
    """Remove every key of the namespace: what a backtest leaves is its files."""
    if settings.namespace == LIVE:
        return
    with drain.connect(str(settings.redis)) as client:
        for key in client.scan_iter(match=f"{settings.namespace}:*", count=1000):
            client.unlink(key)
