"""The features: the one list that names, order, documentation and the hash come from."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence


class Feature(Struct, frozen=True):
    """One column of the vector: its name, what it says, and its unit."""

    name: str
    meaning: str
    unit: str


def _sides(stem: str, meaning: str, unit: str, *, difference: bool = False) -> list[Feature]:
    """The same for home and away, and home less away where asked for."""
    pair = [Feature(f"{stem}_{side}", f"{side} team: {meaning}", unit) for side in ("home", "away")]
    if difference:
        pair.append(Feature(f"{stem}_difference", f"home less away: {meaning}", unit))
    return pair


_EW = "exponentially weighted, per match; empty before the first"

OWN_CATALOGUE: tuple[Feature, ...] = (
    *_sides("elo", "Elo rating, weighing goal difference", "Elo points", difference=True),
    *_sides("attack", "attack rating", "log goals"),
    *_sides("defence", "defence rating", "log goals"),
    *_sides("pi", "pi-rating at its ground of this match", "rating"),
    Feature("pi_difference", "expected goal difference by pi-ratings", "goals"),
    *_sides("points_form", f"points, {_EW}", "points", difference=True),
    *_sides("goals_for", f"goals, {_EW}", "goals"),
    *_sides("goals_against", f"goals conceded, {_EW}", "goals"),
    Feature("goals_difference", "home less away: goals less goals conceded, weighted", "goals"),
    *_sides("venue_goals_for", f"goals at home or away as in this match, {_EW}", "goals"),
    *_sides("venue_goals_against", f"goals conceded there, {_EW}", "goals"),
    *_sides("shots_for", f"shots, {_EW}", "shots"),
    *_sides("shots_against", f"shots conceded, {_EW}", "shots"),
    Feature("shots_difference", "home less away: shots less shots conceded, weighted", "shots"),
    *_sides("on_target_for", f"shots on target, {_EW}", "shots"),
    *_sides("on_target_against", f"shots on target conceded, {_EW}", "shots"),
    Feature("on_target_difference", "home less away: the same on target, weighted", "shots"),
    Feature("corners_difference", "home less away: corners less corners conceded", "corners"),
    *_sides(
        "rest",
        "days since its last match kicked off, at most 14; empty before the first",
        "days",
        difference=True,
    ),
    *_sides("season_matches", "matches played this season", "matches"),
    *_sides("matches", "matches played that we know of, at most 200", "matches"),
    *_sides(
        "season_points",
        "points a match this season, with five usual matches added",
        "points",
        difference=True,
    ),
)

POOL_CATALOGUE: tuple[Feature, ...] = (
    Feature("elo_expectancy", "home team: share of the point by Elo, at home", "0 to 1"),
    Feature("goals_expected_home", "home team: expected goals by online Poisson rates", "goals"),
    Feature("goals_expected_away", "away team: expected goals by online Poisson rates", "goals"),
    Feature("poisson_home", "home win by these rates, low scores corrected", "probability"),
    Feature("poisson_draw", "draw by these rates, low scores corrected", "probability"),
    Feature("poisson_away", "away win by these rates, low scores corrected", "probability"),
    Feature(
        "past_market_difference",
        "home rather than away win by the closing odds of both teams' past matches; empty where "
        "either has none",
        "log-odds",
    ),
    *_sides(
        "position", "place in the table, 0 top to 1 bottom, as of this day; empty at first", "share"
    ),
    Feature("home_advantage", "the pool's home advantage; 0 on neutral ground", "Elo points"),
    Feature("goals_mean", "the pool's goals a match, both teams", "goals"),
)

TEAM_CATALOGUE: tuple[Feature, ...] = OWN_CATALOGUE + POOL_CATALOGUE

MARKET_CATALOGUE: tuple[Feature, ...] = (
    Feature("market_home", "home win by the market before play, no margin (Shin)", "probability"),
    Feature("market_draw", "draw by the market before play, no margin (Shin)", "probability"),
    Feature("market_away", "away win by the market before play, no margin (Shin)", "probability"),
    Feature("market_phase", "0 no price, 1 opening or current, 2 closing", "code"),
    Feature("market_moved_home", "log-odds of a home win, newest less opening", "log-odds"),
    Feature("market_moved_away", "log-odds of an away win, newest less opening", "log-odds"),
)

LIVE_CATALOGUE: tuple[Feature, ...] = (
    Feature("minute", "minute of play; empty before kick-off, 90 at the end", "minutes"),
    Feature("home_score", "goals of the home team", "goals"),
    Feature("away_score", "goals of the away team", "goals"),
    Feature("home_reds", "red cards of the home team", "cards"),
    Feature("away_reds", "red cards of the away team", "cards"),
    Feature("finished", "1 when there is a result", "0 or 1"),
)

CATALOGUE: tuple[Feature, ...] = TEAM_CATALOGUE + MARKET_CATALOGUE + LIVE_CATALOGUE
TEAM_FEATURES: tuple[str, ...] = tuple(feature.name for feature in TEAM_CATALOGUE)
FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in CATALOGUE)
FEATURE_HASH: str = hashlib.sha256(",".join(FEATURE_NAMES).encode()).hexdigest()[:16]


_GROUPS = (
    (
        "Teams",
        "made anew when either team has a result, or enters its season",
        OWN_CATALOGUE,
    ),
    ("Teams and pool", "made anew also when a pool's day begins", POOL_CATALOGUE),
    ("Market and play", "made at every event of the match", MARKET_CATALOGUE + LIVE_CATALOGUE),
)


_HEADING = """# Features

Generated from `features/catalogue.py` by `python -m features`; a test holds the two together.
The {count} columns are the same before kick-off and in play, in training and in service;
their hash is `{digest}`.
"""


def as_markdown(costs_us: Sequence[float] = (4.7, 5.5, 1.0)) -> str:
    """The catalogue as a page of the documentation.

    *costs_us* are microseconds for one match's columns of each group; the values that stand here
    were printed by ``benchmarks/fold_and_features.py`` on one core of a small cloud machine.
    """
    parts = [_HEADING.format(count=len(CATALOGUE), digest=FEATURE_HASH)]
    for (title, when, rows), cost in zip(_GROUPS, costs_us, strict=True):
        parts.append(f"## {title}\n\n{len(rows)} columns, {when}: {cost:.1f} µs.\n")
        parts.append("| feature | what it says | unit |\n|---|---|---|")
        parts.extend(f"| `{row.name}` | {row.meaning} | {row.unit} |" for row in rows)
        parts.append("")
    return "\n".join(parts)
