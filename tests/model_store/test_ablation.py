from __future__ import annotations

from typing import TYPE_CHECKING

from features import TEAM_FEATURES
from model_store.ablation import GROUPS, without_each_group
from tests.model_store.conftest import league, quiet

if TYPE_CHECKING:
    from model_store.config import Config


def test_every_group_names_features_that_there_are() -> None:
    for name, prefixes in GROUPS.items():
        assert any(feature.startswith(prefixes) for feature in TEAM_FEATURES), name


def test_every_feature_of_the_teams_belongs_to_one_group() -> None:
    for feature in TEAM_FEATURES:
        assert [feature.startswith(group) for group in GROUPS.values()].count(True) == 1, feature


def test_a_stack_without_what_decides_matches_is_worse_and_without_the_rest_is_not(
    small: Config,
) -> None:
    # The outcome hangs on the first two columns, which are Elo's.
    worth = dict(without_each_group(league(), small, seed=1, progress=quiet))

    assert set(worth) == set(GROUPS)
    assert worth["Elo"].low > 0.02
    assert all(abs(of.value) < worth["Elo"].low for name, of in worth.items() if name != "Elo")
