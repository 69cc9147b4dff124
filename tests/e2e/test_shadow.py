"""A challenger forecasts the same events in the shadow, and the champion's bytes do not notice."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import redis

from agents import forecast, record, shadow
from commands.play import publisher_for
from commands.settings import settings_from
from model_store import CHALLENGER, CHAMPION, ModelStore
from producers.publish import promote, publish
from schemas.forecast import Forecast, decode_forecast
from schemas.keys import CHANGES, SHADOW, STATE, cursor, stream
from tests.e2e.system import PARTITIONS, Workers, three_pools, workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.events import AnyEvent

AGENTS = (forecast.APP, record.APP, shadow.APP)
LABEL = ModelStore(settings_from().models).resolve(CHAMPION)


@pytest.fixture(scope="module")
def season() -> list[AnyEvent]:
    return three_pools(events_each=250)


@pytest.fixture
def group(redis_url: str, postgres_url: str, namespace: str) -> Iterator[Workers]:
    with workers(redis_url, postgres_url, namespace) as found:
        yield found


def tell(group: Workers, events: list[AnyEvent], **named: str) -> None:
    publisher = publisher_for(group.settings)
    for alias, label in named.items():
        promote(publisher, group.settings.partitions, label, events[0].time, alias)
    for _ in publish(events, publisher):
        pass
    publisher.close()


def began(group: Workers) -> None:
    keys = [cursor(group.settings.namespace, number, shadow.APP) for number in range(PARTITIONS)]
    with redis.Redis.from_url(str(group.settings.redis)) as client:
        while not all(client.hexists(key, "position") for key in keys):
            group.check()
            time.sleep(0.05)


def recorded(group: Workers, run: str) -> list[Forecast]:
    query = "SELECT body FROM forecasts WHERE run = %s ORDER BY match_id, epoch, revision"
    with psycopg.connect(str(group.settings.database).replace("+psycopg", "")) as connection:
        return [decode_forecast(bytes(body)) for (body,) in connection.execute(query, (run,))]


def chances(made: list[Forecast]) -> list[tuple[Any, ...]]:
    return [(one.match_id, one.revision, one.home, one.draw, one.away) for one in made]


def test_a_challenger_from_the_first_event_on_records_what_it_would_have_served(
    group: Workers, season: list[AnyEvent]
) -> None:
    group.start(*AGENTS)

    tell(group, season, **{CHAMPION: LABEL, CHALLENGER: LABEL})
    group.drained(*AGENTS)

    run = group.settings.run
    champion, challenger = recorded(group, run), recorded(group, run + shadow.RUN_SUFFIX)
    assert len(champion) > 100
    assert chances(challenger) == chances(champion)
    assert {one.model for one in challenger} == {LABEL}


def test_without_a_challenger_the_shadow_folds_and_forecasts_nothing(
    group: Workers, season: list[AnyEvent]
) -> None:
    group.start(*AGENTS)

    tell(group, season, **{CHAMPION: LABEL})
    group.drained(*AGENTS)

    assert recorded(group, group.settings.run + shadow.RUN_SUFFIX) == []
    with redis.Redis.from_url(str(group.settings.redis)) as client:
        for partition in range(PARTITIONS):
            folded = client.hkeys(stream(group.settings.namespace, partition, SHADOW))
            known = client.hkeys(stream(group.settings.namespace, partition, STATE))
            assert sorted(folded) == sorted(field for field in known if field != b"model")


def test_a_shadow_that_begins_late_goes_on_from_the_champions_state_though_the_past_is_trimmed(
    group: Workers, season: list[AnyEvent]
) -> None:
    first, rest = season[:450], season[450:]
    group.start(forecast.APP, record.APP)
    tell(group, first, **{CHAMPION: LABEL})
    group.drained(forecast.APP, record.APP)
    before = len(recorded(group, group.settings.run))
    with redis.Redis.from_url(str(group.settings.redis)) as client:
        for partition in range(PARTITIONS):
            client.xtrim(stream(group.settings.namespace, partition, "events"), maxlen=0)

    group.start(shadow.APP)
    began(group)
    tell(group, rest, **{CHALLENGER: LABEL})
    group.drained(*AGENTS)

    run = group.settings.run
    champion = {one.match_id: one for one in recorded(group, run)}
    challenger = {one.match_id: one for one in recorded(group, run + shadow.RUN_SUFFIX)}
    later = {event.subject for event in rest if event.subject in champion}
    assert before > 50
    assert later <= challenger.keys()
    assert [(challenger[m].home, challenger[m].away) for m in sorted(later)] == [
        (champion[m].home, champion[m].away) for m in sorted(later)
    ]


def test_the_cache_and_the_changes_are_the_champions_alone(
    group: Workers, season: list[AnyEvent]
) -> None:
    group.start(*AGENTS)

    tell(group, season[:200], **{CHAMPION: LABEL, CHALLENGER: LABEL})
    group.drained(*AGENTS)

    with redis.Redis.from_url(str(group.settings.redis)) as client:
        told = sum(
            client.xlen(stream(group.settings.namespace, partition, CHANGES))
            for partition in range(PARTITIONS)
        )
    assert told == len(recorded(group, group.settings.run))
