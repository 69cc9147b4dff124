"""A worker killed in mid-season leaves what an undisturbed run leaves, to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from commands.play import publisher_for
from producers.publish import promote, publish
from schemas.forecast import decode_forecast
from tests.e2e.system import Workers, three_pools, traces, workers

if TYPE_CHECKING:
    from schemas.events import AnyEvent

AGENTS = ("forecast", "record", "archive")


@pytest.fixture(scope="module")
def season() -> list[AnyEvent]:
    return three_pools(events_each=1200)


@pytest.fixture(scope="module")
def undisturbed(season: list[AnyEvent], redis_url: str, postgres_url: str) -> dict[str, Any]:
    with workers(redis_url, postgres_url, "test-undisturbed") as group:
        group.start(*AGENTS)
        tell(group, season)
        group.drained(*AGENTS)
        return traces(group.settings)


def tell(group: Workers, season: list[AnyEvent]) -> None:
    publisher = publisher_for(group.settings)
    promote(publisher, group.settings.partitions, "champion", season[0].time)
    for _ in publish(season, publisher):
        pass
    publisher.close()


def test_every_match_has_revisions_without_a_gap_in_postgres(
    undisturbed: dict[str, Any],
) -> None:
    revisions: dict[str, list[int]] = {}
    for (body,) in undisturbed["forecasts"]:
        made = decode_forecast(bytes(body))
        revisions.setdefault(made.match_id, []).append(made.revision)

    assert len(revisions) > 60
    assert all(found == list(range(1, len(found) + 1)) for found in revisions.values())


def test_the_cache_holds_the_newest_forecast_of_every_match(
    undisturbed: dict[str, Any],
) -> None:
    newest: dict[str, bytes] = {}
    for (body,) in undisturbed["forecasts"]:
        newest[decode_forecast(bytes(body)).match_id] = bytes(body)

    assert undisturbed["cache"] == newest


@pytest.mark.parametrize("batch_records", [1, 7, 256])
def test_a_worker_killed_in_mid_season_changes_nothing(
    batch_records: int,
    season: list[AnyEvent],
    undisturbed: dict[str, Any],
    redis_url: str,
    postgres_url: str,
    namespace: str,
) -> None:
    with workers(redis_url, postgres_url, namespace, batch_records=batch_records) as group:
        group.start(*AGENTS)
        tell(group, season)
        for entries in (300, 1500):
            group.committed_some("forecast", entries)
            group.kill("forecast")
            group.start("forecast")
        for name in ("record", "archive"):
            group.committed_some(name, 500)
            group.kill(name)
            group.start(name)
        group.drained(*AGENTS)
        left = traces(group.settings)

    for part, expected in undisturbed.items():
        assert left[part] == expected, part


def test_of_two_that_share_the_forecasting_one_dies_and_the_other_finishes_its_work(
    season: list[AnyEvent],
    undisturbed: dict[str, Any],
    redis_url: str,
    postgres_url: str,
    namespace: str,
) -> None:
    with workers(redis_url, postgres_url, namespace, batch_records=7) as group:
        group.start(*AGENTS, "forecast-2")
        group.shared_by("forecast", 2)
        tell(group, season)
        group.committed_some("forecast", 1000)
        group.kill("forecast-2")
        group.drained(*AGENTS)
        left = traces(group.settings)

    for part, expected in undisturbed.items():
        assert left[part] == expected, part
