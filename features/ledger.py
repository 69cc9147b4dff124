"""The ledger of results: which of them the ratings hold, and folding a pool again.

Ratings are a function of the results in (kick-off, match id) order and of the pool's day alone, not
of the order in which results came. A result that comes in that order is folded into both teams; one
that is late, corrected or taken back rewinds its pool to the start of its day and folds again from
there. After 21 days a result is for ever.

Parameters that all teams share move between two days with results, once the pool's day has
reached the later one.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from features import form, parameters, play, ratings
from features.checkpoints import WINDOW
from features.market import closing_chances
from features.newcomer import entering
from features.state import Entry

if TYPE_CHECKING:
    import datetime as dt

    from features.state import MatchState, Pair, PoolState, TeamState
    from features.world import World


def settled(world: World, match: MatchState) -> tuple[str, ...]:
    """Work out what follows from a match's changed facts, for it and for its teams' other matches.

    Returns the match itself, then the other open matches whose inputs moved, sorted.
    """
    was_over = match.over
    play.settle(match, world.pool(match.pool).feeds)
    world.keep_match(match)
    if match.over != was_over:
        world.index(match)
    if match.folded is None and match.status != "finished":
        return (match.match_id,)
    others = reconcile(world, match)
    return match.match_id, *(name for name in others if name != match.match_id)


def reconcile(world: World, match: MatchState) -> list[str]:
    """Make the ratings hold what the match now says; returns the open matches that this moves."""
    wanted, held = _entry(match), match.folded
    if wanted == held:
        return []
    pool = world.pool(match.pool)
    first = min(entry.kick_off for entry in (wanted, held) if entry is not None).date()
    if pool.day is not None and first < pool.day - WINDOW:
        too_late = (-1, -1) if wanted is None else (wanted.home, wanted.away)
        if too_late != match.too_late:
            match.too_late = too_late
            world.keep_match(match)
            pool = copy.copy(pool)
            pool.too_late += 1
            world.keep_pool(pool)
        return []
    world.checkpoints.unfile(match)
    match.folded = wanted
    world.checkpoints.file(match)
    world.keep_match(match)
    if wanted is not None and _adds_counts(world, match, held, wanted):
        return _add_counts(world, match, wanted)
    if held is None and wanted is not None and _comes_next(world, pool, match, first):
        _fold(world, match, wanted)
        return world.open_of_teams(match.home_key, match.away_key)
    return refold(world, match.pool, first)


def refold(world: World, name: str, first: dt.date) -> list[str]:
    """Fold a pool's results again from the start of day *first*; returns the open matches moved."""
    current = world.pool(name)
    before, teams = world.checkpoints.rewind(name, first)
    for key in sorted(teams):
        world.keep_team(teams[key])
    if before is not None:
        before = copy.copy(before)
        before.day, before.feeds = current.day, current.feeds
        before.too_late = current.too_late
        world.keep_pool(before)
        if current.day is not None and first < current.day:
            # The table is in no checkpoint, and may hold what was just taken out.
            parameters.rank(world, name)
    last = first
    for day, names in world.checkpoints.folded_since(name, first):
        if current.day is not None and day <= current.day:
            parameters.move(world, name)
        for match in sorted((world.matches[m] for m in names), key=_order):
            if match.folded is not None:
                _fold(world, match, match.folded)
        last = day
    if current.day is not None and last < current.day:
        parameters.move(world, name)
    return world.open_in_pool(name)


def begin_day(world: World, pool: PoolState, day: dt.date) -> bool:
    """Begin a pool's day; returns whether anything that its teams share may have moved."""
    pool = copy.copy(pool)
    before, pool.day = pool.day, day
    world.keep_pool(pool)
    early = world.checkpoints.first_after(pool.pool, before)
    if early is not None:
        # Results came before their day was told: the days between them are to begin in order.
        refold(world, pool.pool, early)
        moved = True
    else:
        moved = parameters.move(world, pool.pool)
    world.checkpoints.drop_before(pool.pool, day - WINDOW)
    return moved


def _order(match: MatchState) -> tuple[dt.datetime, str]:
    return match.kick_off if match.folded is None else match.folded.kick_off, match.match_id


def _entry(match: MatchState) -> Entry | None:
    """What the ratings are to hold: nothing of matches awarded, abandoned or cancelled.

    Only counts of full-time or later are whole ones, and only in pairs.
    """
    result = play.result_of(match) if match.status == "finished" else None
    if result is None:
        return None
    shots = on_target = corners = None
    counts, ended, void = match.statistics, match.ended_at, match.void_until
    if ended is None or (void is not None and ended <= void):
        ended = result.at
    if counts is not None and counts.at >= ended:
        shots, on_target = _pair(counts.shots), _pair(counts.on_target)
        corners = _pair(counts.corners)
    chances = closing_chances(match)
    return Entry(match.kick_off, result.home, result.away, shots, on_target, corners, chances)


def _pair(counts: tuple[int | None, int | None]) -> Pair | None:
    home, away = counts
    return None if home is None or away is None else (home, away)


def _adds_counts(world: World, match: MatchState, held: Entry | None, wanted: Entry) -> bool:
    """Only counts came after the result, and nothing of these teams was folded since."""
    if held is None or held.shots or held.on_target or held.corners:
        return False
    told = held.kick_off, held.home, held.away, held.chances
    if told != (wanted.kick_off, wanted.home, wanted.away, wanted.chances):
        return False
    home, away = world.teams[match.home_key], world.teams[match.away_key]
    return home.last_match == away.last_match == match.match_id


def _add_counts(world: World, match: MatchState, entry: Entry) -> list[str]:
    """Counts touch nothing that a result touches, so it does not matter which comes first."""
    home, away = copy.copy(world.teams[match.home_key]), copy.copy(world.teams[match.away_key])
    form.add_counts(home, away, entry)
    world.keep_team(home)
    world.keep_team(away)
    return world.open_of_teams(match.home_key, match.away_key)


def _comes_next(world: World, pool: PoolState, match: MatchState, day: dt.date) -> bool:
    """No result in the ratings comes after this one, or none that it matters for.

    On one day the results of different teams do not touch one another.
    """
    if pool.day is not None and day < pool.day:
        return False
    newest = world.checkpoints.newest(pool.pool)
    if newest is None or newest < day:
        return True
    knows = world.checkpoints.knows
    return newest == day and not (
        knows(pool.pool, day, match.home_key) or knows(pool.pool, day, match.away_key)
    )


def _fold(world: World, match: MatchState, entry: Entry) -> None:
    """Fold a result into both teams, and put it aside for what its pool's teams share."""
    pool, day = world.pool(match.pool), entry.kick_off.date()
    checkpoint = world.checkpoints.at(pool, day)
    home, away = world.teams[match.home_key], world.teams[match.away_key]
    world.checkpoints.keep(checkpoint, day, home)
    world.checkpoints.keep(checkpoint, day, away)
    home, away = _entered(pool, match, entry, home), _entered(pool, match, entry, away)
    pending = ratings.rate(pool, entry, home, away, neutral=match.neutral)
    form.add_result(pool, entry, home, away)
    form.add_counts(home, away, entry)
    _add_row(home, match, entry, entry.home, entry.away)
    _add_row(away, match, entry, entry.away, entry.home)
    world.keep_team(home)
    world.keep_team(away)
    world.keep_pool(parameters.with_pending(pool, pending, match.competition))


def _entered(pool: PoolState, match: MatchState, entry: Entry, team: TeamState) -> TeamState:
    """A copy of a team as it enters the match."""
    entered = entering(pool, team, match.competition, match.season, entry.kick_off)
    return copy.copy(entered) if entered is team else entered


def _add_row(team: TeamState, match: MatchState, entry: Entry, scored: int, conceded: int) -> None:
    """Count the match; in the table too, where it is of the team's current season."""
    team.matches += 1
    team.last_match = match.match_id
    if team.last_kick_off is None or entry.kick_off > team.last_kick_off:
        team.last_kick_off = entry.kick_off
        team.competition = match.competition
    if match.season != team.season:
        return
    team.season_matches += 1
    team.season_points += form.points(scored, conceded)
    team.season_goals_for += scored
    team.season_goals_against += conceded
