"""A reader that is told of matches by acknowledgements never misses and never goes back."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from commands.play import Announcements, publisher_for
from commands.read_probe import ReadProbe
from producers.publish import promote, publish
from schemas.keys import prediction
from tests.e2e.system import Workers, served_reads, three_pools, workers

if TYPE_CHECKING:
    from collections.abc import Iterator

AGENTS = ("forecast", "record")


@pytest.fixture
def group(redis_url: str, postgres_url: str, namespace: str) -> Iterator[Workers]:
    with workers(redis_url, postgres_url, namespace) as found:
        yield found


@pytest.fixture
def port(group: Workers) -> Iterator[int]:
    with served_reads(group) as number:
        yield number


def get(port: int, path: str) -> tuple[int, bytes, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader("ETag") or ""
    finally:
        connection.close()


def test_every_read_is_a_hit_and_none_goes_back_while_a_worker_dies(
    group: Workers, port: int
) -> None:
    events = three_pools(600)
    publisher = publisher_for(group.settings)
    probe = ReadProbe(port)
    announcements = Announcements(publisher, probe)
    group.start(*AGENTS)

    promote(publisher, group.settings.partitions, "champion", events[0].time)
    for count, acknowledgement in enumerate(publish(events, publisher)):
        announcements.add(acknowledgement)
        if count == len(events) // 2:
            group.committed_some("forecast", 100)
            group.kill("forecast")
            group.start("forecast")
    group.drained(*AGENTS)
    announcements.look()
    while probe.reads.total < 200:
        group.check()
    reads = probe.stop()
    publisher.close()

    assert reads.hits == reads.total
    assert reads.went_back == 0


def test_a_read_over_http_gives_the_bytes_of_the_key_and_of_the_row(
    group: Workers, port: int
) -> None:
    events = three_pools(60)
    matches = sorted({event.subject for event in events if event.subject})
    publisher = publisher_for(group.settings)
    group.start(*AGENTS)

    promote(publisher, group.settings.partitions, "champion", events[0].time)
    for _ in publish(events, publisher):
        pass
    publisher.close()
    group.drained(*AGENTS)

    with redis.Redis.from_url(str(group.settings.redis)) as client:
        for match_id in matches:
            key = client.get(prediction(group.settings.namespace, match_id))
            status, body, etag = get(port, f"/v1/predictions/{match_id}")
            assert (status, body) == (200, key)
            assert newest_row(group, match_id) == (etag.strip('"'), body)


def newest_row(group: Workers, match_id: str) -> tuple[str, bytes]:
    query = (
        "SELECT epoch || '-' || revision, body FROM forecasts WHERE run = %s AND match_id = %s"
        " ORDER BY epoch DESC, revision DESC LIMIT 1"
    )
    with psycopg.connect(str(group.settings.database).replace("+psycopg", "")) as connection:
        row = connection.execute(query, (group.settings.run, match_id)).fetchone()
    assert row is not None
    return row[0], bytes(row[1])
