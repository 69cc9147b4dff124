"""What follows from the facts of a match: status, minute, score, red cards.

Everything here is a function of the facts, so it does not matter in what order they came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import FixtureStatus, IncidentKind, Operation, Side

if TYPE_CHECKING:
    from datetime import datetime

    from features.state import MatchState, Revision, Status

_CALLED_OFF: dict[FixtureStatus, Status] = {
    FixtureStatus.POSTPONED: "postponed",
    FixtureStatus.CANCELLED: "cancelled",
    FixtureStatus.ABANDONED: "abandoned",
    FixtureStatus.AWARDED: "awarded",
}
_GOALS = (IncidentKind.GOAL, IncidentKind.OWN_GOAL)
_REDS = (IncidentKind.RED, IncidentKind.SECOND_YELLOW)
FULL_TIME_MINUTE = 90


def settle(match: MatchState) -> None:
    """Work out what follows from the facts.

    A score in a feed's own words wins over the goals counted until then; goals stated later are
    added, goals withdrawn later are taken off. Where the two disagree, and incidents are known at
    all, the match is degraded.
    """
    match.status = _status(match)
    standing = _standing(match, None)
    match.home_reds = sum(r.kind in _REDS and r.side is Side.HOME for r in standing)
    match.away_reds = sum(r.kind in _REDS and r.side is Side.AWAY for r in standing)
    match.minute = _minute(match, standing)
    match.home_score, match.away_score, match.degraded = _score(match, _goals(standing))


def _status(match: MatchState) -> Status:
    change = match.change
    called = None if change is None else _CALLED_OFF.get(change.status)
    if called == "awarded":
        return called
    ended = None if match.result is None else match.result.at
    if change is not None and called is not None:
        newest = max((at for at in (ended, match.started_at) if at is not None), default=None)
        if newest is None or change.at >= newest:
            return called
    if ended is not None:
        return "finished"
    if match.started_at is None or (change is not None and change.at >= match.started_at):
        return "scheduled"
    return "live"


def _standing(match: MatchState, until: datetime | None) -> list[Revision]:
    """The incidents that stood at an instant (None is now), each in its newest revision then.

    The newest snapshot withdraws what is older than it and missing from it.
    """
    snapshot = match.snapshot
    if snapshot is not None and until is not None and snapshot.as_of > until:
        snapshot = None
    found = []
    for incident_id, revisions in match.incidents.items():
        newest = None
        for revision in revisions:
            if until is None or revision.at <= until:
                newest = revision
        if newest is None or newest.op is Operation.RETRACT:
            continue
        if (
            snapshot is not None
            and newest.at <= snapshot.as_of
            and incident_id not in snapshot.incident_ids
        ):
            continue
        found.append(newest)
    return found


def _goals(standing: list[Revision]) -> tuple[int, int]:
    """Goals for home and away; an own goal's side is the scorer's, so it counts for the other."""
    home = away = 0
    for revision in standing:
        if revision.kind in _GOALS:
            if (revision.side is Side.HOME) == (revision.kind is IncidentKind.GOAL):
                home += 1
            else:
                away += 1
    return home, away


def _score(match: MatchState, counted: tuple[int, int]) -> tuple[int, int, bool]:
    """The score for home and away, and whether sources of it disagree."""
    if match.status == "awarded" and match.change is not None and match.change.home is not None:
        return match.change.home, match.change.away or 0, False
    if match.result is not None and match.status == "finished":
        result = match.result
        normal = (result.home, result.away)
        last = normal if result.home_extra < 0 else (result.home_extra, result.away_extra)
        return *normal, bool(match.incidents) and counted != last
    said = match.said
    if said is None:
        return *counted, False
    then = _goals(_standing(match, said.at))
    home, away = said.home + counted[0] - then[0], said.away + counted[1] - then[1]
    return max(home, 0), max(away, 0), bool(match.incidents) and then != (said.home, said.away)


def _minute(match: MatchState, standing: list[Revision]) -> int | None:
    """The minute: of the clock's newest word, or of a later incident; none before kick-off."""
    if match.finished:
        return FULL_TIME_MINUTE
    if match.started_at is None or match.status in ("scheduled", "postponed"):
        return None
    clock = 0 if match.clock is None else match.clock.minute
    return max([clock, *(revision.minute for revision in standing)])
