"""One event of every type, with every field that it can carry."""

from __future__ import annotations

import datetime as dt
from typing import Any

from schemas import events

NOON = dt.datetime(2024, 8, 17, 11, tzinfo=dt.UTC)
MATCH = "e0-2024-25-arsenal-wolves-1"

_GOAL = events.MatchIncidentData(
    incident_id="g1",
    revision=2,
    op=events.Operation.RETRACT,
    kind=events.IncidentKind.OWN_GOAL,
    side=events.Side.AWAY,
    minute=45,
    stoppage=2,
    player="Ødegaard",
)
_DATA: dict[type[events.Event], Any] = {
    events.FixtureScheduled: events.FixtureScheduledData(
        competition="e0",
        season="2024-25",
        kick_off=NOON,
        home="Arsenal",
        away="Wolves",
        neutral=True,
        external_ids={"feed": "17"},
    ),
    events.FixtureChanged: events.FixtureChangedData(
        status=events.FixtureStatus.AWARDED,
        kick_off=NOON,
        home_score=3,
        away_score=0,
        reason="walk-over",
    ),
    events.MatchStarted: events.MatchStartedData(),
    events.MatchPeriod: events.MatchPeriodData(
        period=events.Period.HALF_TIME, home_score=1, away_score=0
    ),
    events.MatchFinished: events.MatchFinishedData(
        home_score=2, away_score=2, home_score_extra_time=3, away_score_extra_time=2
    ),
    events.MatchIncident: _GOAL,
    events.MatchSnapshot: events.MatchSnapshotData(
        as_of=NOON,
        period=events.Period.SECOND_HALF,
        minute=90,
        stoppage=4,
        home_score=2,
        away_score=1,
        incidents=[_GOAL],
    ),
    events.MatchStatistics: events.MatchStatisticsData(home_shots=12, away_reds=1),
    events.OddsChanged: events.OddsChangedData(
        bookmaker="avg",
        home=1.4,
        draw=4.75,
        away=7.9,
        phase=events.OddsPhase.CLOSING,
        market_version=7,
    ),
    events.OddsSuspended: events.OddsSuspendedData(bookmaker="avg", market_version=8),
    events.ClockTick: events.ClockTickData(day=NOON.date()),
    events.FeedHeartbeat: events.FeedHeartbeatData(),
    events.FeedStatus: events.FeedStatusData(state=events.FeedState.GAP, reason="reconnecting"),
    events.FeedSilent: events.FeedSilentData(silent_source="betfair", last_heard=NOON),
    events.ModelPromoted: events.ModelPromotedData(model="champion@3"),
    events.ModelRolledBack: events.ModelRolledBackData(model="champion@2", reason="too sure"),
}


def sample(kind: type[events.Event], **context: object) -> events.AnyEvent:
    """An event of one type; *context* replaces what CloudEvents asks of every event."""
    fields: dict[str, Any] = {
        "id": "1",
        "source": "test",
        "subject": MATCH,
        "time": NOON,
        "partitionkey": "england",
        "recordedtime": NOON,
        "data": _DATA[kind],
    }
    event: events.AnyEvent = kind(**(fields | context))  # type: ignore[assignment]
    return event
