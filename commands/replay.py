"""``sabiscore backtest``: the real agent over recorded matches, in a namespace of its own."""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from agents import forecast
from backtest import predictions
from backtest.last_forecasts import LastForecasts
from backtest.scoring import LeagueScores, by_league
from commands import drain
from commands.feed import from_football_data
from commands.play import play, promote_model, publisher_for
from commands.servers import servers
from commands.supervise import Supervisor
from model_store import ModelStore
from schemas.errors import FeedError
from schemas.keys import CHANGES, LIVE, stream

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from rich.console import Console

    from commands.feed import Feed
    from commands.settings import Settings
    from producers.match_events import Odds
    from schemas.events import AnyEvent

_PAGE_ENTRIES = 2000


class Backtest(Struct, frozen=True, kw_only=True):
    """What to replay, with which model, and what it may see."""

    data: str
    from_day: dt.date
    to_day: dt.date
    model: str
    odds: Odds
    out: Path


class Metrics(Struct, frozen=True, kw_only=True):
    """``metrics.json``: what was replayed, and how good the forecasts were."""

    data: str
    from_day: dt.date
    to_day: dt.date
    model: str
    odds: str
    market_phase: str
    matches: int
    matches_without_forecast: int
    events: int
    forecasts: int
    seconds: float
    leagues: list[LeagueScores]


def backtest(settings: Settings, plan: Backtest, console: Console) -> Metrics:
    """Replay up to ``to_day``, score from ``from_day`` on, and write the files of the design.

    Raises:
        SabiscoreError: When the feed, the model or a server is not to be had.
    """
    model = ModelStore(settings.models).load(plan.model).label
    feed = from_football_data(plan.data, settings, plan.odds)
    wanted = [row for row in feed.matches if plan.from_day <= row.date <= plan.to_day]
    if not wanted:
        msg = f"{plan.data} holds no match from {plan.from_day} to {plan.to_day}"
        raise FeedError(msg)
    until = max(row.kick_off for row in wanted)
    events = [event for event in feed.events() if event.time <= until]
    own = settings.model_copy(update={"namespace": f"backtest-{secrets.token_hex(4)}"})
    with servers(own, keep=None, database=False, say=console.print) as ready:
        began_s = time.monotonic()
        try:
            with Supervisor() as supervisor:
                supervisor.start(forecast.APP, ["worker", forecast.APP], ready.environment())
                _replay(ready, plan, model, feed, events, supervisor, console)
            last = _collect(ready)
        finally:
            _forget(ready)
        seconds = time.monotonic() - began_s
    phase: predictions.Phase = "opening" if plan.odds == "opening" else "closing"
    made = predictions.join(wanted, last.by_match, phase)
    metrics = Metrics(
        data=plan.data,
        from_day=plan.from_day,
        to_day=plan.to_day,
        model=model,
        odds=plan.odds,
        market_phase=phase,
        matches=len(made),
        matches_without_forecast=sum(row.outcome is not None for row in wanted) - len(made),
        events=len(events),
        forecasts=last.seen,
        seconds=round(seconds, 1),
        leagues=by_league(made),
    )
    plan.out.mkdir(parents=True, exist_ok=True)
    predictions.write(made, plan.out / "predictions.csv")
    encoded = msgspec.json.format(msgspec.json.encode(metrics), indent=2)
    (plan.out / "metrics.json").write_bytes(encoded + b"\n")
    return metrics


def _replay(
    settings: Settings,
    plan: Backtest,
    model: str,
    feed: Feed,
    events: list[AnyEvent],
    supervisor: Supervisor,
    console: Console,
) -> None:
    publisher = publisher_for(settings)
    try:
        promote_model(publisher, settings, feed, model)
        play(
            events,
            publisher,
            label=f"Backtest to {plan.to_day}",
            total=len(events),
            speed=float("inf"),
            stop=threading.Event(),
            console=console,
            heard=lambda _acknowledgement: supervisor.check(),
        )
    finally:
        publisher.close()
    with drain.connect(str(settings.redis)) as client:
        drain.wait(client, settings, [forecast.APP], supervisor.check)


def _collect(settings: Settings) -> LastForecasts:
    """Read every forecast of the namespace's changes streams."""
    last = LastForecasts()
    with drain.connect(str(settings.redis)) as client:
        for partition in range(settings.partitions):
            key = stream(settings.namespace, partition, CHANGES)
            after = b"-"
            while page := client.xrange(key, min=after, count=_PAGE_ENTRIES):
                for _, fields in page:
                    last.add(fields[b"e"])
                after = b"(" + page[-1][0]
    return last


def _forget(settings: Settings) -> None:
    """Remove every key of the namespace: what a backtest leaves is its files."""
    if settings.namespace == LIVE:
        return
    with drain.connect(str(settings.redis)) as client:
        for key in client.scan_iter(match=f"{settings.namespace}:*", count=1000):
            client.unlink(key)
