"""Fixtures fold in: announced, moved, called off, awarded."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from features.checks import both_or_neither, match_of, utc
from features.feeds import heard
from features.newcomer import newcomer
from features.results import settled
from features.state import Change, MatchState
from schemas.errors import RejectedEventError
from schemas.events import FixtureStatus
from schemas.slugs import slug

if TYPE_CHECKING:
    from features.world import World
    from schemas.events import FixtureChanged, FixtureScheduled, FixtureScheduledData

RETENTION = timedelta(days=7)
"""A match that is over is kept for so long after kick-off, and cannot come back later."""

_CHANGES = (
    FixtureStatus.SCHEDULED,
    FixtureStatus.POSTPONED,
    FixtureStatus.ABANDONED,
    FixtureStatus.CANCELLED,
    FixtureStatus.AWARDED,
)


def fixture_scheduled(world: World, event: FixtureScheduled) -> tuple[str, ...]:
    """Register a match and, at first sight, its teams; a later word on it moves its kick-off.

    Raises:
        RejectedEventError: When the teams are the same, or other ones than were announced before,
            or the match is long past: its result may already be in the ratings.
    """
    said_at, kick_off = utc(event.time, "time"), utc(event.data.kick_off, "kick_off")
    if not event.subject:
        raise RejectedEventError("the event names no match: its subject is empty")
    home_key, away_key = _team_keys(event)
    match = world.matches.get(event.subject)
    if match is not None:
        _same_fixture(match, event, home_key, away_key)
        changed = _move(match, kick_off, said_at)
        changed = _more_ids(match, event.data.external_ids) or changed
        changed = heard(world, match, event.source) or changed
        return _kept(world, match) if changed else ()
    _not_long_past(world, event, kick_off)
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
        kick_off_said_at=said_at,
    )
    heard(world, match, event.source)
    _meet_teams(world, match, event.data)
    return _kept(world, match)


def fixture_changed(world: World, event: FixtureChanged) -> tuple[str, ...]:
    """Move, call off or award a match; an awarded score is a result but feeds no rating.

    Raises:
        RejectedEventError: When the match is unknown or the score is half a score.
    """
    match = match_of(world, event)
    data, at = event.data, utc(event.time, "time")
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
    if not changed:
        return ()
    # Before settling: it files the match anew only when that changes whether it is over.
    world.index(match)
    return settled(world, match)


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
            world.keep_team(newcomer(world.pool(match.pool), key, name, match))
    if match.pool not in world.pools:
        world.keep_pool(world.pool(match.pool))


def _move(match: MatchState, kick_off: datetime, said_at: datetime) -> bool:
    newer = (said_at, kick_off) > (match.kick_off_said_at, match.kick_off)
    if newer:
        match.kick_off, match.kick_off_said_at = kick_off, said_at
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
