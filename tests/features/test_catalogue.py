from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from features import CATALOGUE, FEATURE_HASH, FEATURE_NAMES, TEAM_FEATURES, write_vector
from features.catalogue import as_markdown
from tests.features.story import at, columns, fixture, full_time, odds, season, vector, world_after


def test_the_columns_are_teams_then_market_then_play() -> None:
    assert FEATURE_NAMES[: len(TEAM_FEATURES)] == TEAM_FEATURES
    assert FEATURE_NAMES[len(TEAM_FEATURES) :] == (
        "market_home",
        "market_draw",
        "market_away",
        "market_phase",
        "market_moved_home",
        "market_moved_away",
        "minute",
        "home_score",
        "away_score",
        "home_reds",
        "away_reds",
        "finished",
    )
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)


def test_the_hash_is_of_the_names_in_their_order() -> None:
    assert hashlib.sha256(",".join(FEATURE_NAMES).encode()).hexdigest().startswith(FEATURE_HASH)
    assert len(FEATURE_HASH) == 16


def test_every_feature_is_documented() -> None:
    text = as_markdown()

    assert all(f"| `{feature.name}` | {feature.meaning} |" in text for feature in CATALOGUE)


def test_the_page_of_the_documentation_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "features.md"

    assert page.read_text(encoding="utf-8") == as_markdown(), (
        "run: python -m features > docs/features.md"
    )


def test_every_column_is_written_where_its_name_says() -> None:
    names = ["Arsenal", "Chelsea", "Fulham"]
    world = world_after(
        *season(names), fixture("next", "Arsenal", "Chelsea", at(days=22)), odds("next")
    )
    home, away = world.teams["england/arsenal"], world.teams["england/chelsea"]
    match = world.matches["next"]
    assert match.market is not None
    expected = {
        "elo_home": home.elo,
        "elo_difference": home.elo - away.elo,
        "defence_away": away.defence,
        "pi_home": home.pi_home,
        "pi_away": away.pi_away,
        "points_form_away": away.points,
        "goals_against_home": home.goals_against,
        "venue_goals_for_away": away.away_goals_for,
        "venue_goals_against_home": home.home_goals_against,
        "shots_against_away": away.shots_against,
        "rest_home": (match.kick_off - home.last_kick_off).days,  # type: ignore[operator]
        "season_matches_away": 4.0,
        "matches_home": 4.0,
        "position_home": world.tables["england"].places[home.key],
        "position_away": world.tables["england"].places[away.key],
        "home_advantage": world.pools["england"].home_advantage,
        "market_draw": match.market.p_draw,
        "market_moved_home": 0.0,
        "market_phase": 1.0,
        "finished": 0.0,
    }

    found = columns(world, "next", *expected)

    assert found == pytest.approx(list(expected.values()), nan_ok=True)


def test_a_vector_goes_into_one_row_of_a_matrix_and_touches_no_other() -> None:
    world = world_after(fixture("m1", "Arsenal", "Chelsea"), full_time("m1", 1, 0))
    matrix = np.full((3, len(FEATURE_NAMES)), 7.0)

    write_vector(world, "m1", matrix[1])

    assert matrix[1].tobytes() == vector(world, "m1").tobytes()
    assert (matrix[[0, 2]] == 7.0).all()
