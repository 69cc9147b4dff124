"""Fixtures fold in: announced, moved, called off, awarded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.checks import both_or_neither, current, match_of, said_at, utc
from features.feeds import heard
from features.fold_clock import RETENTION
from features.ledger import settled
from features.market import market_of, place_anew
from features.state import Change, MatchState, TeamState
from schemas.errors import RejectedEventError
from schemas.events import FixtureStatus
from schemas.slugs import slug

if TYPE_CHECKING:
    from datetime import datetime

    from features.world import World
    from schemas.events import FixtureChanged, FixtureScheduled, FixtureScheduledData

_CHANGES = (
    FixtureStatus.SCHEDULED,
    FixtureStatus.POSTPONED,
    FixtureStatus.ABANDONED,
    FixtureStatus.CANCELLED,
    FixtureStatus.AWARDED,
)
_OFF = (FixtureStatus.POSTPONED, FixtureStatus.ABANDONED, FixtureStatus.CANCELLED)


def fixture_scheduled(world: World, event: FixtureScheduled) -> tuple[str, ...]:
    """Register a match and, at first sight, its teams; a later word on it moves its kick-off.

    A fixture that a feed knows by the same id of its own, and that we know by another match id,
    goes on under the newest: the older match is cancelled, and all that is told of it counts here.

    Raises:
        RejectedEventError: When the teams are the same, or other ones than were announced before,
            or the match is long past: its result may already be in the ratings.
    """
    at, kick_off = said_at(event), utc(event.data.kick_off, "kick_off")
    if not event.subject:
        raise RejectedEventError("the event names no match: its subject is empty")
    match = world.matches.get(event.subject)
    if match is not None:
        return _again(world, match, event, at, kick_off)
    _not_long_past(world, event, kick_off)
    home_key, away_key = _team_keys(event)
    match = MatchState(
        match_id=event.subject,
        pool=event.partitionkey,
        competition=event.data.competition,
        season=event.data.season,
        kick_off=kick_off,
        home=event.data.home,
        away=event.data.away,
        home_key=home_key,
        away_key=away_key,
        neutral=event.data.neutral,
        external_ids=dict(event.data.external_ids),
        simulated=event.source.startswith("simulat"),
        said_at=at,
        announced_at=at,
    )
    other = _same_under_another_id(world, match)
    heard(world, match, event.source)
    _meet_teams(world, match, event.data)
    touched = _kept(world, match)
    if other is None:
        return touched
    older, newer = sorted((other, match), key=_announced)
    return _rekey(world, older, newer, known=other)


def _again(
    world: World, match: MatchState, event: FixtureScheduled, at: datetime, kick_off: datetime
) -> tuple[str, ...]:
    """A fixture announced before: its newest spelling, kick-off and feeds' ids stand."""
    _same_fixture(match, event, *_team_keys(event))
    if match.rekeyed_to:
        # The feed gave this fixture another id since; the old one does not come back.
        match = current(world, match)
    changed = (at, kick_off, event.data.home, event.data.away) > (
        match.said_at,
        match.kick_off,
        match.home,
        match.away,
    )
    if changed:
        match.home, match.away = event.data.home, event.data.away
    changed = _move(match, kick_off, at) or changed
    changed = _more_ids(match, event.data.external_ids) or changed
    changed = heard(world, match, event.source) or changed
    if not changed:
        return ()
    return _moved(world, match)


def _same_under_another_id(world: World, match: MatchState) -> MatchState | None:
    """The match that a feed calls by the same id of its own.

    Raises:
        RejectedEventError: When it is another one, by its teams: two are never made one by guess.
    """
    name = world.named(match.pool, match.external_ids)
    if name is None or name == match.match_id:
        return None
    older = world.matches[name]
    if (older.home_key, older.away_key) != (match.home_key, match.away_key):
        raise RejectedEventError(
            f"{match.match_id} ({match.home} against {match.away}) bears a feed's id that belongs "
            f"to {older.match_id} ({older.home} against {older.away}); if a team was renamed, "
            "let the producer map both names to one"
        )
    return older


def _announced(match: MatchState) -> tuple[datetime, str]:
    return match.announced_at or match.said_at, match.match_id


def _rekey(
    world: World, older: MatchState, match: MatchState, *, known: MatchState
) -> tuple[str, ...]:
    """Go on under the newest id; all that was told so far was told of the *known* one."""
    if older is known:
        _hand_over(older, match)
    match.said_at, match.kick_off = max(
        (match.said_at, match.kick_off), (older.said_at, older.kick_off)
    )
    match.sources = sorted({*match.sources, *older.sources})
    match.external_ids = {**older.external_ids, **match.external_ids}
    older.rekeyed_to = match.match_id
    match.market = market_of(match, world.pool(match.pool).feeds)
    # The old match first: its result leaves the ratings before it enters them again.
    touched = {*settled(world, older), *settled(world, match)}
    world.index(older)
    world.index(match)
    return match.match_id, *sorted(touched - {match.match_id})


def _hand_over(older: MatchState, match: MatchState) -> None:
    match.change, match.clock, match.statistics = older.change, older.clock, older.statistics
    match.called_off_at, match.rescheduled_at = older.called_off_at, older.rescheduled_at
    match.started_at, match.ended_at, match.extra_at = (
        older.started_at,
        older.ended_at,
        older.extra_at,
    )
    match.told, match.books, match.played = older.told, older.books, older.played
    older.told, older.books, older.market, older.played = {}, {}, None, []


def fixture_changed(world: World, event: FixtureChanged) -> tuple[str, ...]:
    """Move, call off or award a match; an awarded score is a result but feeds no rating.

    Raises:
        RejectedEventError: When the match is unknown or the score is half a score.
    """
    match = match_of(world, event)
    data, at = event.data, said_at(event)
    kick_off = match.kick_off if data.kick_off is None else utc(data.kick_off, "kick_off")
    both_or_neither(data.home_score, data.away_score, "award")
    changed = heard(world, match, event.source)
    if data.kick_off is not None:
        changed = _move(match, kick_off, at) or changed
    awarded = data.status is FixtureStatus.AWARDED
    change = Change(
        at,
        data.status,
        data.home_score if awarded else None,
        data.away_score if awarded else None,
    )
    if data.status in _CHANGES and (match.change is None or _rank(change) > _rank(match.change)):
        match.change = change
        changed = True
    changed = _called_off(match, data.status, at) or changed
    return _moved(world, match) if changed else ()


def _moved(world: World, match: MatchState) -> tuple[str, ...]:
    """What follows from another kick-off or standing: which prices are from before play, too."""
    place_anew(match)
    match.market = market_of(match, world.pool(match.pool).feeds)
    # Before settling: it files the match anew only when that changes whether it is over.
    world.index(match)
    return settled(world, match)


def _called_off(match: MatchState, status: FixtureStatus, at: datetime) -> bool:
    """Note when a match was last called off, and when it was last scheduled anew."""
    if status is FixtureStatus.SCHEDULED:
        newer = match.rescheduled_at is None or at > match.rescheduled_at
        match.rescheduled_at = at if newer else match.rescheduled_at
        return newer
    if status in _OFF:
        newer = match.called_off_at is None or at > match.called_off_at
        match.called_off_at = at if newer else match.called_off_at
        return newer
    return False


def _rank(change: Change) -> tuple[datetime, int, *tuple[int, ...]]:
    return (
        change.at,
        _CHANGES.index(change.status),
        *(-1 if goals is None else goals for goals in (change.home, change.away)),
    )


def _team_keys(event: FixtureScheduled) -> tuple[str, str]:
    try:
        home, away = slug(event.data.home), slug(event.data.away)
    except ValueError as error:
        raise RejectedEventError(f"a team's name cannot be used: {error}") from error
    if home == away:
        raise RejectedEventError(f"{event.data.home} cannot play against itself")
    return f"{event.partitionkey}/{home}", f"{event.partitionkey}/{away}"


def _same_fixture(match: MatchState, event: FixtureScheduled, home_key: str, away_key: str) -> None:
    known = (match.home_key, match.away_key, match.competition, match.season)
    told = (home_key, away_key, event.data.competition, event.data.season)
    if known != told:
        raise RejectedEventError(
            f"match {match.match_id} was announced as {match.home} against {match.away} in "
            f"{match.competition} {match.season}, and now as {event.data.home} against "
            f"{event.data.away} in {event.data.competition} {event.data.season}"
        )


def _not_long_past(world: World, event: FixtureScheduled, kick_off: datetime) -> None:
    day = world.pool(event.partitionkey).day
    if day is not None and kick_off.date() < day - RETENTION:
        raise RejectedEventError(
            f"match {event.subject} kicks off on {kick_off.date()}, more than {RETENTION.days} "
            f"days before {day}, where pool {event.partitionkey} is: events must come in time order"
        )


def _meet_teams(world: World, match: MatchState, data: FixtureScheduledData) -> None:
    for key, name in ((match.home_key, data.home), (match.away_key, data.away)):
        if key not in world.teams:
            world.keep_team(TeamState(key=key, pool=match.pool, name=name))
    if match.pool not in world.pools:
        world.keep_pool(world.pool(match.pool))


def _move(match: MatchState, kick_off: datetime, at: datetime) -> bool:
    newer = (at, kick_off) > (match.said_at, match.kick_off)
    if newer:
        match.kick_off, match.said_at = kick_off, at
    return newer


def _more_ids(match: MatchState, ids: dict[str, str]) -> bool:
    merged = dict(match.external_ids)
    for feed, name in ids.items():
        merged[feed] = max(name, merged.get(feed, ""))
    changed = merged != match.external_ids
    match.external_ids = merged
    return changed


def _kept(world: World, match: MatchState) -> tuple[str, ...]:
    world.keep_match(match)
    world.index(match)
    return (match.match_id,)
