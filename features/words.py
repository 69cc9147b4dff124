"""A forecast's cause in words for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas import events
from schemas.events import FixtureStatus, IncidentKind, Operation, Period, Side

if TYPE_CHECKING:
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
    match event:
        case (
            events.FixtureScheduled()
            | events.FixtureChanged()
            | events.OddsChanged()
            | events.OddsSuspended()
        ):
            return _before(event, match)
        case (
            events.MatchStarted()
            | events.MatchPeriod()
            | events.MatchIncident()
            | events.MatchSnapshot()
            | events.MatchStatistics()
            | events.MatchFinished()
        ):
            return _play(event, match)
        case _:
            return _around(event)


def _before(event: Event, match: MatchState) -> str:
    match event:
        case events.FixtureScheduled():
            return f"Fixture: {match.home} against {match.away}, {_when(match)}"
        case events.FixtureChanged(data=data):
            return _CHANGES[data.status].format(
                when=_when(match), score=f"{match.home_score}–{match.away_score}"
            )
        case events.OddsChanged(data=data):
            phase = "Odds" if data.phase.value == "unknown" else f"{data.phase.value} odds"
            return (
                f"{phase.capitalize()} of {data.bookmaker}: "
                f"{data.home:.2f} / {data.draw:.2f} / {data.away:.2f}"
            )
        case events.OddsSuspended(data=data):
            return f"{data.bookmaker} suspended its market"
        case _:
            return "Fixture changed"


def _play(event: Event, match: MatchState) -> str:
    score = f"{match.home} {match.home_score}–{match.away_score} {match.away}"
    match event:
        case events.MatchStarted():
            return f"Kick-off: {match.home} against {match.away}"
        case events.MatchPeriod(data=data):
            return f"{_PERIODS[data.period]}: {score}"
        case events.MatchIncident(data=data):
            return f"{_incident(data, match)}: {score}"
        case events.MatchSnapshot(data=data):
            return f"Snapshot in minute {data.minute}: {score}"
        case events.MatchFinished():
            return f"Full-time: {score}"
        case _:
            return "Statistics of the match"


def _incident(data: events.MatchIncidentData, match: MatchState) -> str:
    team = match.home if data.side is Side.HOME else match.away
    minute = f"{data.minute}+{data.stoppage}" if data.stoppage else f"{data.minute}"
    undone = ", withdrawn" if data.op is Operation.RETRACT else ""
    return f"{_INCIDENTS[data.kind]}, {team} ({minute}'){undone}"


def _around(event: Event) -> str:
    match event:
        case events.ClockTick(data=data):
            return f"The day {data.day} began" if data.day else f"Minute {data.minute}"
        case events.FeedHeartbeat():
            return f"{event.source} is alive"
        case events.FeedStatus(data=data):
            return f"{event.source}: {data.state.value}"
        case events.FeedSilent(data=data):
            return f"{data.silent_source} is silent"
        case _:
            return _model(event)


def _model(event: Event) -> str:
    match event:
        case events.ModelPromoted(data=data):
            return f"Model {data.model} took over"
        case events.ModelRolledBack(data=data):
            return f"Model {data.model} is back"
        case _:
            return "Something changed"


def _when(match: MatchState) -> str:
    return f"{match.kick_off:%Y-%m-%d %H:%M} UTC"
