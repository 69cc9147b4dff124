"""A forecast's cause in words for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schemas import events
from schemas.events import FixtureStatus, IncidentKind, OddsPhase, Operation, Period, Side

if TYPE_CHECKING:
    from collections.abc import Callable

    from features.state import MatchState
    from schemas.events import Event

_INCIDENTS = {
    IncidentKind.GOAL: "Goal",
    IncidentKind.OWN_GOAL: "Own goal",
    IncidentKind.PENALTY_MISSED: "Penalty missed",
    IncidentKind.YELLOW: "Yellow card",
    IncidentKind.SECOND_YELLOW: "Second yellow card",
    IncidentKind.RED: "Red card",
    IncidentKind.SUBSTITUTION: "Substitution",
    IncidentKind.VAR: "Video review",
    IncidentKind.UNKNOWN: "Incident",
}
_PERIODS = {
    Period.FIRST_HALF: "First half",
    Period.HALF_TIME: "Half-time",
    Period.SECOND_HALF: "Second half",
    Period.FULL_TIME: "End of normal time",
    Period.EXTRA_TIME: "Extra time",
    Period.PENALTIES: "Penalty shoot-out",
    Period.UNKNOWN: "A period began",
}
_PHASES = {
    phase: "Odds" if phase is OddsPhase.UNKNOWN else f"{phase.value.capitalize()} odds"
    for phase in OddsPhase
}
_CHANGES = {
    FixtureStatus.SCHEDULED: "Moved to {when}",
    FixtureStatus.POSTPONED: "Postponed",
    FixtureStatus.CANCELLED: "Cancelled",
    FixtureStatus.ABANDONED: "Abandoned",
    FixtureStatus.AWARDED: "Awarded {score}",
    FixtureStatus.UNKNOWN: "Fixture changed",
}


def words(event: Event, match: MatchState) -> str:
    """One short sentence on why *match* was forecast again: ``Full-time: Arsenal 2–1 Chelsea``.

    *match* is the state after *event*; where the event is of another match, it says so.
    """
    if event.subject and event.subject != match.match_id:
        return f"Result elsewhere: {event.subject}"
    return _WORDS[type(event)](event, match)


def _scheduled(_event: events.FixtureScheduled, match: MatchState) -> str:
    return f"Fixture: {match.home} against {match.away}, {_when(match)}"


def _changed(event: events.FixtureChanged, match: MatchState) -> str:
    score = f"{match.home_score}–{match.away_score}"
    return _CHANGES[event.data.status].format(when=_when(match), score=score)


def _odds(event: events.OddsChanged, _match: MatchState) -> str:
    data = event.data
    prices = f"{data.bookmaker}: {data.home:.2f} / {data.draw:.2f} / {data.away:.2f}"
    return f"{_PHASES[data.phase]} of {prices}"


def _suspended(event: events.OddsSuspended, _match: MatchState) -> str:
    return f"{event.data.bookmaker} suspended its market"


def _started(_event: events.MatchStarted, match: MatchState) -> str:
    return f"Kick-off: {match.home} against {match.away}"


def _period(event: events.MatchPeriod, match: MatchState) -> str:
    return f"{_PERIODS[event.data.period]}: {_score(match)}"


def _incident(event: events.MatchIncident, match: MatchState) -> str:
    data = event.data
    team = match.home if data.side is Side.HOME else match.away
    minute = f"{data.minute}+{data.stoppage}" if data.stoppage else f"{data.minute}"
    undone = ", withdrawn" if data.op is Operation.RETRACT else ""
    return f"{_INCIDENTS[data.kind]}, {team} ({minute}'){undone}: {_score(match)}"


def _snapshot(event: events.MatchSnapshot, match: MatchState) -> str:
    return f"Snapshot in minute {event.data.minute}: {_score(match)}"


def _statistics(_event: events.MatchStatistics, _match: MatchState) -> str:
    return "Statistics of the match"


def _finished(_event: events.MatchFinished, match: MatchState) -> str:
    return f"Full-time: {_score(match)}"


def _tick(event: events.ClockTick, _match: MatchState) -> str:
    data = event.data
    return f"The day {data.day} began" if data.day else f"Minute {data.minute}"


def _heartbeat(event: events.FeedHeartbeat, _match: MatchState) -> str:
    return f"{event.source} is alive"


def _status(event: events.FeedStatus, _match: MatchState) -> str:
    return f"{event.source}: {event.data.state.value}"


def _silent(event: events.FeedSilent, _match: MatchState) -> str:
    return f"{event.data.silent_source} is silent"


def _promoted(event: events.ModelPromoted, _match: MatchState) -> str:
    return f"Model {event.data.model} took over"


def _rolled_back(event: events.ModelRolledBack, _match: MatchState) -> str:
    return f"Model {event.data.model} is back"


# By type: every forecast asks, and a chain of comparisons costs twice as much.
_WORDS: dict[type[Event], Callable[[Any, MatchState], str]] = {
    events.FixtureScheduled: _scheduled,
    events.FixtureChanged: _changed,
    events.OddsChanged: _odds,
    events.OddsSuspended: _suspended,
    events.MatchStarted: _started,
    events.MatchPeriod: _period,
    events.MatchIncident: _incident,
    events.MatchSnapshot: _snapshot,
    events.MatchStatistics: _statistics,
    events.MatchFinished: _finished,
    events.ClockTick: _tick,
    events.FeedHeartbeat: _heartbeat,
    events.FeedStatus: _status,
    events.FeedSilent: _silent,
    events.ModelPromoted: _promoted,
    events.ModelRolledBack: _rolled_back,
}


def _score(match: MatchState) -> str:
    return f"{match.home} {match.home_score}–{match.away_score} {match.away}"


def _when(match: MatchState) -> str:
    return f"{match.kick_off:%Y-%m-%d %H:%M} UTC"
