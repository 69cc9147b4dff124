"""One event folds into the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.feeds import feed_heartbeat, feed_silent, feed_status
from features.fold_clock import clock_tick
from features.fold_fixture import fixture_changed, fixture_scheduled
from features.fold_market import odds_changed, odds_suspended
from features.fold_play import (
    match_finished,
    match_incident,
    match_period,
    match_snapshot,
    match_started,
    match_statistics,
)
from schemas import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from features.world import World
    from schemas.events import Event


def _nothing(_world: World, _event: Event) -> tuple[str, ...]:
    """Which model forecasts is no football: the agent sees to it."""
    return ()


_FOLDS: dict[type[events.Event], Callable[[World, Any], tuple[str, ...]]] = {
    events.FixtureScheduled: fixture_scheduled,
    events.FixtureChanged: fixture_changed,
    events.MatchStarted: match_started,
    events.MatchPeriod: match_period,
    events.MatchFinished: match_finished,
    events.MatchIncident: match_incident,
    events.MatchSnapshot: match_snapshot,
    events.MatchStatistics: match_statistics,
    events.OddsChanged: odds_changed,
    events.OddsSuspended: odds_suspended,
    events.ClockTick: clock_tick,
    events.FeedHeartbeat: feed_heartbeat,
    events.FeedStatus: feed_status,
    events.FeedSilent: feed_silent,
    events.ModelPromoted: _nothing,
    events.ModelRolledBack: _nothing,
}


def fold(world: World, event: Event) -> tuple[str, ...]:
    """Fold *event* in; returns the ids of the matches whose inputs may have changed.

    The event's own match comes first, then others, sorted. A function of *world* and *event* alone:
    no clock, no randomness. A duplicate, or what says nothing new, changes nothing and gives ().

    A full-time score that is corrected after it was folded is recorded on its match, whose inputs
    change; the teams' ratings keep the first one.

    Raises:
        RejectedEventError: When the event cannot be folded; the world is then as before.
    """
    return _FOLDS[type(event)](world, event)
