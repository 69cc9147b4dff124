"""What follows from the facts of a match: status, minute, score, red cards, and how sure they are.

Everything here is a function of the facts, so it does not matter in what order they came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.sources import handed_over, in_force, priority, silent
from schemas.events import FixtureStatus, IncidentKind, Operation, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import TypeAlias

    from features.state import Change, FeedMark, MatchState, Result, Revision, Status, Told

    _Test: TypeAlias = Callable[[Told], bool]

_CALLED_OFF: dict[FixtureStatus, Status] = {
    FixtureStatus.POSTPONED: "postponed",
    FixtureStatus.CANCELLED: "cancelled",
    FixtureStatus.ABANDONED: "abandoned",
    FixtureStatus.AWARDED: "awarded",
}
_GOALS = (IncidentKind.GOAL, IncidentKind.OWN_GOAL)
_REDS = (IncidentKind.RED, IncidentKind.SECOND_YELLOW)
FULL_TIME_MINUTE = 90
_ALL_SPEAK: Mapping[str, FeedMark] = {}


def settle(match: MatchState, feeds: Mapping[str, FeedMark]) -> None:
    """Work out what follows from the facts.

    For scores and for incidents one source each is in force. A score in a feed's own words wins
    over the goals counted until then; goals stated later are added, goals withdrawn later are taken
    off. Where the two disagree, or another source does, or a more trusted one is silent, the match
    is degraded; where the one in force is silent itself, it is stale. Once the match is over, who
    falls silent changes nothing of it.
    """
    match.status = _status(match)
    if match.over:
        feeds = _ALL_SPEAK
    counting = _source(match, feeds, _has_incidents)
    scoring = _source(match, feeds, _has_score)
    standing = [] if counting is None else _standing(match, counting, None)
    home_reds = away_reds = 0
    for one in standing:
        if one.kind in _REDS:
            home_reds += one.side is Side.HOME
            away_reds += one.side is Side.AWAY
    match.home_reds, match.away_reds = home_reds, away_reds
    match.minute = _minute(match, standing)
    match.home_score, match.away_score, doubt = _score(match, scoring, counting, _goals(standing))
    match.stale = is_stale(match, feeds)
    match.degraded = doubt or (
        not match.over and len(match.told) > 1 and _contested(match, feeds, scoring, counting)
    )


def is_stale(match: MatchState, feeds: Mapping[str, FeedMark]) -> bool:
    """A source that we depend on is silent; a match that is over depends on none.

    Depended on are those in force for the score, the incidents and each bookmaker that we follow,
    and where none of these says anything, the ones that announced the match.
    """
    if match.over or not feeds:
        return False
    chosen = {
        _source(match, feeds, _has_score),
        _source(match, feeds, _has_incidents),
        in_force({book.source for book in match.books.values()}, feeds),
    } - {None}
    if not chosen:
        chosen = {in_force(match.sources, feeds)}
    return any(source is not None and silent(source, feeds) for source in chosen)


def result_of(match: MatchState) -> Result | None:
    """The result in force: silence takes nothing back from a source that told one."""
    told, void = match.told, match.void_until
    for source in sorted(told, key=priority) if len(told) > 1 else told:
        result = told[source].result
        if result is not None and (void is None or result.at > void):
            return result
    return None


def _source(match: MatchState, feeds: Mapping[str, FeedMark], has: _Test) -> str | None:
    told = match.told
    if not told:
        return None
    if len(told) == 1:
        (source,) = told
        return source if has(told[source]) else None
    return in_force([source for source in told if has(told[source])], feeds)


def _has_incidents(told: Told) -> bool:
    return bool(told.incidents) or told.snapshot is not None


def _has_score(told: Told) -> bool:
    return told.said is not None


def _contested(
    match: MatchState, feeds: Mapping[str, FeedMark], scoring: str | None, counting: str | None
) -> bool:
    """A more trusted source is silent, or another one that is not gives another score."""
    for chosen, has in ((scoring, _has_score), (counting, _has_incidents)):
        sources = [source for source, told in match.told.items() if has(told)]
        if chosen is not None and handed_over(sources, chosen, feeds):
            return True
    score = match.home_score, match.away_score
    for source, told in match.told.items():
        if source in {scoring, counting} or silent(source, feeds):
            continue
        if told.said is None and not told.incidents:
            continue
        counted = _goals(_standing(match, source, None))
        if _score(match, source, source, counted)[:2] != score:
            return True
    return False


def _status(match: MatchState) -> Status:
    change = match.change
    if match.rekeyed_to:
        return "cancelled"
    called = None if change is None else _CALLED_OFF.get(change.status)
    if called == "awarded":
        return called
    result = result_of(match)
    ended = None if result is None else result.at
    if change is not None and called is not None and _is_newest(match, change, ended):
        return called
    if ended is not None:
        return "finished"
    if match.started_at is None or (change is not None and change.at >= match.started_at):
        return "scheduled"
    return "live"


def _is_newest(match: MatchState, change: Change, ended: datetime | None) -> bool:
    newest = max((at for at in (ended, match.started_at) if at is not None), default=None)
    return newest is None or change.at >= newest


def _standing(match: MatchState, source: str | None, until: datetime | None) -> list[Revision]:
    """The incidents that stood at an instant (None is now), each in its newest revision then.

    The newest snapshot withdraws what is older than it and missing from it. Nothing stands of
    play that was called off and scheduled anew, nor in a shoot-out or extra time.
    """
    if source is None:
        return []
    told, void = match.told[source], match.void_until
    extra = match.in_extra_time
    snapshot = told.snapshot
    if snapshot is not None and until is not None and snapshot.as_of > until:
        snapshot = None
    found = []
    for incident_id, revisions in told.incidents.items():
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
        if (void is not None and newest.at <= void) or (extra and newest.minute > FULL_TIME_MINUTE):
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


def _score(
    match: MatchState, scoring: str | None, counting: str | None, counted: tuple[int, int]
) -> tuple[int, int, bool]:
    """The score for home and away after at most 90 minutes, and whether its sources disagree."""
    if match.status == "awarded" and match.change is not None and match.change.home is not None:
        return match.change.home, match.change.away or 0, False
    has_incidents = counting is not None and bool(match.told[counting].incidents)
    result = result_of(match) if match.status == "finished" else None
    if result is not None:
        normal = (result.home, result.away)
        return *normal, has_incidents and counted != normal
    said = None if scoring is None else match.told[scoring].said
    void = match.void_until
    if said is None or (void is not None and said.at <= void):
        return *counted, False
    then = _goals(_standing(match, counting, said.at))
    home, away = said.home + counted[0] - then[0], said.away + counted[1] - then[1]
    return max(home, 0), max(away, 0), has_incidents and then != (said.home, said.away)


def _minute(match: MatchState, standing: list[Revision]) -> int | None:
    """The minute: of the clock's newest word, or of a later incident; none before kick-off."""
    if match.finished:
        return FULL_TIME_MINUTE
    if match.started_at is None or match.status in ("scheduled", "postponed"):
        return None
    if match.in_extra_time:
        return FULL_TIME_MINUTE
    clock, off = match.clock, match.called_off_at
    # What was told before it was called off says nothing of the play that began after.
    told = 0 if clock is None or (off is not None and clock.at <= off) else clock.minute
    return max([told, *(revision.minute for revision in standing)])
