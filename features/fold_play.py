"""Play folds in: start, periods, incidents, snapshots, statistics, the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.checks import both_or_neither, match_of, room, said_at, utc
from features.feeds import heard
from features.ledger import reconcile, settled
from features.market import market_of, place_anew
from features.state import Clock, MatchState, Result, Revision, Said, Snapshot, Statistics, Told
from schemas.errors import RejectedEventError
from schemas.events import Period

if TYPE_CHECKING:
    from datetime import datetime

    from features.world import World
    from schemas.events import (
        MatchFinished,
        MatchIncident,
        MatchIncidentData,
        MatchPeriod,
        MatchSnapshot,
        MatchStarted,
        MatchStatistics,
    )

MOST_REVISIONS = 8
"""Of each incident so many of the newest revisions are kept."""

MOST_INCIDENTS = 400
"""No match has more incidents by one source's count."""

MOST_DAYS_OF_PLAY = 4
"""Midnight passes in play, and a match abandoned is played again another day."""

MOST_STOPPAGE = 45
"""Minutes; what is longer is no stoppage but an interruption."""

_EXTRA_TIME = (Period.EXTRA_TIME, Period.PENALTIES)

_PERIOD_MINUTE = {
    Period.FIRST_HALF: 0,
    Period.HALF_TIME: 45,
    Period.SECOND_HALF: 45,
    Period.FULL_TIME: 90,
    Period.EXTRA_TIME: 90,
    Period.PENALTIES: 120,
}


def match_started(world: World, event: MatchStarted) -> tuple[str, ...]:
    """Play began: minute 0, unless a minute was told since it was last called off.

    Sources do not begin at the same instant, so a start is no word on the minute.
    """
    match = match_of(world, event)
    at = said_at(event)
    changed = heard(world, match, event.source)
    changed = _started(world, match, at) or changed
    return settled(world, match) if changed else ()


def match_period(world: World, event: MatchPeriod) -> tuple[str, ...]:
    """A period began, with a score where the feed gives one.

    Raises:
        RejectedEventError: When the match is unknown or the score is half a score.
    """
    match = match_of(world, event)
    data, at = event.data, said_at(event)
    both_or_neither(data.home_score, data.away_score, "period")
    changed = heard(world, match, event.source)
    minute = _PERIOD_MINUTE.get(data.period)
    if minute is not None:
        changed = _started(world, match, at) or changed
        changed = _clock(match, Clock(at, minute, 0)) or changed
    if data.period in _EXTRA_TIME:
        changed = _extra(match, at) or changed
    # A score given as a shoot-out begins holds the goals of extra time.
    if (
        data.home_score is not None
        and data.away_score is not None
        and data.period is not Period.PENALTIES
    ):
        said = Said(at, 0, data.home_score, data.away_score)
        changed = _said(_told(match, event.source), said) or changed
    return settled(world, match) if changed else ()


def match_incident(world: World, event: MatchIncident) -> tuple[str, ...]:
    """An incident was stated, corrected or withdrawn; the highest revision stands.

    Raises:
        RejectedEventError: When the match is unknown or the minute impossible.
    """
    match = match_of(world, event)
    at = said_at(event)
    _possible_minute(event.data.minute, event.data.stoppage)
    known = match.told.get(event.source)
    if known is not None and event.data.incident_id not in known.incidents:
        room(match, known.incidents, MOST_INCIDENTS, f"incidents of {event.source}")
    changed = heard(world, match, event.source)
    changed = _started(world, match, at) or changed
    changed = _incident(_told(match, event.source), event.data, at) or changed
    return settled(world, match) if changed else ()


def match_snapshot(world: World, event: MatchSnapshot) -> tuple[str, ...]:
    """The whole match as seen at ``as_of``: what is older and missing goes, what is newer stays.

    Raises:
        RejectedEventError: When the match is unknown or a minute impossible.
    """
    match = match_of(world, event)
    data, as_of = event.data, min(utc(event.data.as_of, "as_of"), said_at(event))
    _possible_minute(data.minute, data.stoppage)
    for incident in data.incidents:
        _possible_minute(incident.minute, incident.stoppage)
    changed = heard(world, match, event.source)
    told = _told(match, event.source)
    if data.period is not Period.UNKNOWN:
        changed = _started(world, match, as_of) or changed
        changed = _clock(match, Clock(as_of, data.minute, data.stoppage)) or changed
    if data.period in _EXTRA_TIME:
        changed = _extra(match, as_of) or changed
    else:
        changed = _said(told, Said(as_of, 1, data.home_score, data.away_score)) or changed
    for incident in data.incidents:
        changed = _incident(told, incident, as_of) or changed
    ids = sorted({incident.incident_id for incident in data.incidents})
    known = told.snapshot
    if known is None or (as_of, ids) > (known.as_of, known.incident_ids):
        told.snapshot = Snapshot(as_of, ids)
        changed = True
    return settled(world, match) if changed else ()


def match_statistics(world: World, event: MatchStatistics) -> tuple[str, ...]:
    """Counts so far; those from full-time on are folded into the teams' form, once.

    They may come before or after the result at the same instant: the teams end up the same.
    They change none of the match's own inputs, unless they are a silent feed's first word on it.
    """
    match = match_of(world, event)
    data = event.data
    statistics = Statistics(
        said_at(event),
        (data.home_shots, data.away_shots),
        (data.home_shots_on_target, data.away_shots_on_target),
        (data.home_corners, data.away_corners),
    )
    mine = (match.match_id,) if heard(world, match, event.source) else ()
    newer = match.statistics is None or _rank(statistics) > _rank(match.statistics)
    if newer:
        match.statistics = statistics
    if newer or mine:
        world.keep_match(match)
    if not newer or match.status != "finished":
        return mine
    return mine + tuple(name for name in reconcile(world, match) if name not in mine)


def match_finished(world: World, event: MatchFinished) -> tuple[str, ...]:
    """The result; it is folded into both teams, whose other open matches change too.

    A result that comes late or is corrected within 21 days of its match folds its pool again.

    Raises:
        RejectedEventError: When the match is unknown or the score after extra time impossible.
    """
    match = match_of(world, event)
    data, at = event.data, said_at(event)
    result = Result(at, data.home_score, data.away_score, *_extra_time(event))
    changed = heard(world, match, event.source)
    told = _told(match, event.source)
    if told.result is None or result > told.result:
        told.result = result
        changed = True
    changed = _played(world, match, at) or changed
    if match.ended_at is None or at < match.ended_at:
        match.ended_at = at
        changed = True
    if result.home_extra >= 0:
        changed = _extra(match, at) or changed
    return settled(world, match) if changed else ()


def _possible_minute(minute: int, stoppage: int) -> None:
    if not 0 <= minute <= 130 or not 0 <= stoppage <= MOST_STOPPAGE:  # noqa: PLR2004 - as on the wire
        raise RejectedEventError(f"minute {minute}+{stoppage} is in no match")


def _told(match: MatchState, source: str) -> Told:
    """What this source told of the play, to be added to."""
    found = match.told.get(source)
    if found is None:
        found = match.told[source] = Told()
    return found


def _extra_time(event: MatchFinished) -> tuple[int, int]:
    data = event.data
    home, away = data.home_score_extra_time, data.away_score_extra_time
    both_or_neither(home, away, "score after extra time")
    if home is None or away is None:
        return -1, -1
    if home < data.home_score or away < data.away_score:
        raise RejectedEventError(
            f"{home}-{away} after extra time cannot follow {data.home_score}-{data.away_score}"
        )
    return home, away


def _started(world: World, match: MatchState, at: datetime) -> bool:
    newer = match.started_at is None or at > match.started_at
    if newer:
        match.started_at = at
    return _played(world, match, at) or newer


def _played(world: World, match: MatchState, at: datetime) -> bool:
    """Note a sign of play, which may place prices in play that were taken for earlier ones."""
    day = at.date()
    known = next((first for first in match.played if first.date() == day), None)
    if known is not None and known <= at:
        return False
    play_at = match.play_at
    match.played = sorted({at, *match.played} - {known})[-MOST_DAYS_OF_PLAY:]
    if match.play_at != play_at:
        place_anew(match)
        match.market = market_of(match, world.pool(match.pool).feeds)
    return True


def _clock(match: MatchState, clock: Clock) -> bool:
    newer = match.clock is None or clock > match.clock
    if newer:
        match.clock = clock
    return newer


def _extra(match: MatchState, at: datetime) -> bool:
    newer = match.extra_at is None or at > match.extra_at
    if newer:
        match.extra_at = at
    return newer


def _said(told: Told, said: Said) -> bool:
    newer = told.said is None or said > told.said
    if newer:
        told.said = said
    return newer


def _rank(statistics: Statistics) -> tuple[datetime, tuple[int, ...]]:
    counts = (*statistics.shots, *statistics.on_target, *statistics.corners)
    return statistics.at, tuple(-1 if count is None else count for count in counts)


def _key(revision: Revision) -> tuple[int, datetime, str, str, str, int, int]:
    """Of two that bear the same number the earliest stands, whichever came first."""
    return (
        revision.number,
        revision.at,
        revision.op.value,
        revision.kind.value,
        revision.side.value,
        revision.minute,
        revision.stoppage,
    )


def _incident(match: Told, data: MatchIncidentData, at: datetime) -> bool:
    told = Revision(data.revision, at, data.op, data.kind, data.side, data.minute, data.stoppage)
    known = match.incidents.get(data.incident_id, [])
    by_number = {revision.number: revision for revision in known}
    same = by_number.get(told.number)
    if same is not None and _key(same) <= _key(told):
        return False
    by_number[told.number] = told
    revisions = [by_number[number] for number in sorted(by_number)][-MOST_REVISIONS:]
    if revisions == known:
        return False
    match.incidents[data.incident_id] = revisions
    return True
