from __future__ import annotations

import datetime as dt
import math

import pytest

from features import MatchState, World, fold
from schemas import events as ev
from schemas.forecast import Quality
from tests.features.story import (
    T0,
    at,
    changed,
    columns,
    context,
    day,
    fixture,
    full_time,
    goal,
    minute,
    period,
    season,
    statistics,
    stored,
    vector,
    world_after,
)

FIRST = fixture("m1", "Arsenal", "Chelsea")
NEXT = fixture("m2", "Chelsea", "Fulham", at(days=7), time=at(-90))
OTHER = fixture("m3", "Leeds", "Burnley", at(days=7), time=at(-90))


def test_an_announced_match_knows_its_teams_and_waits() -> None:
    world = World()

    ids = fold(world, FIRST)

    match = world.matches["m1"]
    assert ids == ("m1",)
    assert (match.home_key, match.away_key) == ("england/arsenal", "england/chelsea")
    assert (match.status, match.minute, match.quality) == ("scheduled", None, Quality.FRESH)


def test_a_result_touches_the_other_open_matches_of_both_teams_and_no_more() -> None:
    world = world_after(FIRST, NEXT, OTHER)

    ids = fold(world, full_time("m1", 2, 1))

    assert ids == ("m1", "m2")


def test_a_result_moves_elo_from_the_loser_to_the_winner_and_keeps_the_sum() -> None:
    world = world_after(FIRST)

    fold(world, full_time("m1", 0, 3))

    home, away = (world.teams[f"england/{name}"].elo for name in ("arsenal", "chelsea"))
    assert home < 1500.0 < away
    assert home + away == pytest.approx(3000.0, abs=1e-9)


@pytest.mark.parametrize("status", [ev.FixtureStatus.ABANDONED, ev.FixtureStatus.CANCELLED])
def test_a_match_called_off_ends_without_a_result(status: ev.FixtureStatus) -> None:
    world = world_after(FIRST)

    fold(world, changed("m1", status, at(30)))

    match = world.matches["m1"]
    assert (match.over, match.finished, match.quality) == (True, False, Quality.FINAL)
    assert fold(world, full_time("m1", 1, 0, at(20)))
    assert world.teams["england/arsenal"].matches == 0


def test_an_awarded_score_is_a_result_but_feeds_no_rating() -> None:
    world = world_after(FIRST)

    fold(world, changed("m1", ev.FixtureStatus.AWARDED, at(30), home_score=3, away_score=0))

    match = world.matches["m1"]
    assert (match.status, match.home_score, match.away_score) == ("awarded", 3, 0)
    assert columns(world, "m1", "finished", "minute") == [1.0, 90.0]
    assert world.teams["england/arsenal"].elo == 1500.0


def test_a_postponed_match_keeps_its_id_and_is_played_later() -> None:
    world = world_after(FIRST, changed("m1", ev.FixtureStatus.POSTPONED, at(-60)))
    assert world.matches["m1"].status == "postponed"

    fold(world, changed("m1", ev.FixtureStatus.SCHEDULED, at(60), kick_off=at(days=30)))

    match = world.matches["m1"]
    assert (match.status, match.kick_off) == ("scheduled", at(days=30))


def test_the_score_is_the_goals_that_stand() -> None:
    world = world_after(
        FIRST,
        goal("m1", "a", 12),
        goal("m1", "b", 30, ev.Side.AWAY),
        goal("m1", "c", 40, ev.Side.AWAY, kind=ev.IncidentKind.OWN_GOAL),
        goal("m1", "b", 30, ev.Side.AWAY, revision=2, op=ev.Operation.RETRACT, time=at(33)),
        goal("m1", "d", 44, ev.Side.AWAY, kind=ev.IncidentKind.SECOND_YELLOW),
    )

    match = world.matches["m1"]

    assert (match.home_score, match.away_score) == (2, 0)
    assert (match.home_reds, match.away_reds) == (0, 1)
    assert (match.status, match.minute) == ("live", 44)


def test_a_feeds_word_wins_over_counted_goals_and_later_goals_are_added() -> None:
    world = world_after(FIRST, goal("m1", "a", 12))

    fold(world, period("m1", ev.Period.HALF_TIME, (2, 0), at(47)))
    fold(world, goal("m1", "b", 60, ev.Side.AWAY, time=at(77)))

    match = world.matches["m1"]
    assert (match.home_score, match.away_score) == (2, 1)
    assert (match.degraded, match.quality) == (True, Quality.DEGRADED)


def test_a_goal_withdrawn_after_half_time_leaves_the_half_time_score() -> None:
    world = world_after(
        FIRST, goal("m1", "a", 12), period("m1", ev.Period.HALF_TIME, (1, 0), at(47))
    )

    fold(world, goal("m1", "a", 12, revision=2, op=ev.Operation.RETRACT, time=at(50)))

    match = world.matches["m1"]
    assert (match.home_score, match.degraded) == (0, False)


def test_a_snapshot_withdraws_what_is_older_and_missing_and_keeps_what_is_newer() -> None:
    world = world_after(
        FIRST, goal("m1", "gone", 12), goal("m1", "kept", 30), goal("m1", "newer", 70, time=at(85))
    )
    kept = ev.MatchIncidentData(
        incident_id="kept", revision=1, kind=ev.IncidentKind.GOAL, side=ev.Side.HOME, minute=30
    )
    snapshot = ev.MatchSnapshotData(
        as_of=at(60),
        period=ev.Period.SECOND_HALF,
        minute=46,
        home_score=1,
        away_score=0,
        incidents=[kept],
    )

    fold(world, ev.MatchSnapshot(**context("m1", at(86)), data=snapshot))

    match = world.matches["m1"]
    assert (match.home_score, match.away_score, match.minute) == (2, 0, 70)
    assert not match.degraded


def test_the_minute_may_go_back_from_stoppage_to_the_second_half() -> None:
    world = world_after(FIRST, minute("m1", 48, at(48)))

    fold(world, minute("m1", 46, at(63)))
    late = fold(world, minute("m1", 47, at(47)))

    assert world.matches["m1"].minute == 46
    assert late == ()


def test_statistics_before_or_after_the_result_of_the_same_instant_give_the_same_teams() -> None:
    result, counts = full_time("m1", 2, 1), statistics("m1", (14, 6), at(110))

    before = stored(world_after(FIRST, counts, result))
    after = stored(world_after(FIRST, result, counts))

    assert before == after
    assert world_after(FIRST, counts, result).teams["england/arsenal"].shots_for > 12.5


def test_statistics_from_before_the_end_are_not_taken_for_the_whole_match() -> None:
    world = world_after(FIRST, statistics("m1", (3, 1), at(40)), full_time("m1", 2, 1))

    assert math.isnan(world.teams["england/arsenal"].shots_for)


def test_pool_parameters_move_when_the_next_day_begins_and_not_before() -> None:
    world = world_after(day(T0.date()), FIRST, OTHER)
    fold(world, full_time("m1", 4, 0))
    before = columns(world, "m3", "home_advantage", "goals_mean")

    ids = fold(world, day(at(days=1).date()))

    after = columns(world, "m3", "home_advantage", "goals_mean")
    assert ids == ("m3",)
    assert after[0] > before[0]
    assert after[1] > before[1]
    assert fold(world, day(at(days=1).date())) == ()


def test_a_match_long_over_is_forgotten_and_cannot_be_announced_again() -> None:
    world = world_after(day(T0.date()), FIRST, full_time("m1", 1, 0))
    fields = stored(world)

    fold(world, day(at(days=40).date()))

    assert b"m:m1" not in stored(world, fields)
    with pytest.raises(Exception, match="time order"):
        fold(world, FIRST)


def test_a_silent_feed_makes_its_open_matches_stale_until_it_is_heard_again() -> None:
    world = world_after(FIRST, OTHER, full_time("m3", 1, 0))
    silence = ev.FeedSilent(
        **context("", at(10), source="clock"), data=ev.FeedSilentData(silent_source="test")
    )
    beat = ev.FeedHeartbeat(**context("", at(20)), data=ev.FeedHeartbeatData())

    quiet = fold(world, silence)
    stale = world.matches["m1"].quality
    again = fold(world, beat)

    assert (quiet, again) == (("m1",), ("m1",))
    assert (stale, world.matches["m1"].quality) == (Quality.STALE, Quality.FRESH)
    assert fold(world, silence) == ()


def test_a_new_season_brings_ratings_nearer_to_the_mean_and_empties_the_table() -> None:
    names = [f"Team {letter}" for letter in "ABCDEFGHI"]
    world = world_after(*season(names))
    best = max((team for team in world.teams.values()), key=lambda team: team.elo)
    kick_off = at(days=330)
    mean = world.pools["england"].levels["e0"].elo

    fold(world, fixture("new", best.name, names[0], kick_off, season="2025-26"))

    elo, played, rest = columns(world, "new", "elo_home", "season_matches_home", "rest_home")
    assert mean < elo < best.elo
    assert (played, rest) == (0.0, 14.0)


def test_results_are_folded_by_kick_off_and_not_as_they_come() -> None:
    world = world_after(
        fixture("old", "Arsenal", "Chelsea", at(days=-3)),
        fixture("odd", "Chelsea", "Arsenal", at(days=-5), season="2025-26"),
        full_time("old", 3, 0, at(days=-3, minutes=110)),
    )

    fold(world, full_time("odd", 0, 1, at(days=-2)))

    arsenal = world.teams["england/arsenal"]
    assert (arsenal.season, arsenal.matches, arsenal.season_matches) == ("2025-26", 2, 1)
    assert arsenal.last_kick_off == at(days=-3)


def test_a_newcomer_is_as_good_as_the_weakest_quarter() -> None:
    names = [f"Team {letter}" for letter in "ABCDEFGHI"]
    world = world_after(*season(names))

    fold(world, fixture("new", "Newcomer", names[0], at(days=330), season="2025-26"))

    level = world.pools["england"].levels["e0"]
    assert columns(world, "new", "elo_home") == [level.low_elo]
    assert level.low_elo < level.elo


def test_a_model_that_takes_over_is_no_football() -> None:
    world = world_after(FIRST)
    world.take_changes()
    promoted = ev.ModelPromoted(**context("", at(0)), data=ev.ModelPromotedData(model="champion@1"))

    assert fold(world, promoted) == ()
    assert world.take_changes() == []


def test_the_agents_own_fields_are_carried_along() -> None:
    world = world_after(FIRST)
    match: MatchState = world.matches["m1"]
    match.revision, match.input_hash, match.home_p = 7, b"abc", 0.5
    world.touch("m1")
    again = World.load(stored(world))

    fold(again, full_time("m1", 1, 0))

    carried = again.matches["m1"]
    assert (carried.revision, carried.input_hash, carried.home_p) == (7, b"abc", 0.5)


def test_the_cached_team_part_follows_a_result_and_a_moved_kick_off() -> None:
    world = world_after(FIRST, NEXT)
    assert math.isnan(columns(world, "m2", "rest_home")[0])

    fold(world, full_time("m1", 2, 1))
    assert columns(world, "m2", "rest_home") == [7.0]

    fold(world, changed("m2", ev.FixtureStatus.SCHEDULED, at(300), kick_off=at(days=5)))

    assert columns(world, "m2", "rest_home") == [5.0]


def test_a_vector_is_the_same_from_the_cache_and_made_anew() -> None:
    later = fixture("m3", "Fulham", "Arsenal", at(days=25))
    world = world_after(*season(["Arsenal", "Chelsea", "Fulham"]), later)
    cached = vector(world, "m3")

    anew = vector(World.load(stored(world)), "m3")

    assert cached.tobytes() == vector(world, "m3").tobytes() == anew.tobytes()


def test_simulated_matches_are_marked() -> None:
    world = world_after(
        fixture("m1", "A", "B", source="simulate"),
        fixture("m2", "C", "D", source="football-data"),
    )

    assert [world.matches[name].simulated for name in ("m1", "m2")] == [True, False]


def test_kick_off_is_kept_in_utc_whatever_the_feeds_zone() -> None:
    london = dt.timezone(dt.timedelta(hours=1))

    world = world_after(fixture("m1", "A", "B", T0.astimezone(london)))

    assert world.matches["m1"].kick_off.isoformat() == T0.isoformat()


def test_of_two_incidents_with_one_revision_the_earliest_stands_in_either_order() -> None:
    early = goal("m1", "a", 12, ev.Side.HOME, time=at(12))
    late = goal("m1", "a", 14, ev.Side.AWAY, time=at(14))

    one, other = world_after(FIRST, early, late), world_after(FIRST, late, early)

    assert one.matches["m1"].told == other.matches["m1"].told
    assert (one.matches["m1"].home_score, other.matches["m1"].home_score) == (1, 1)
