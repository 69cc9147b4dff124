"""Bad input is set aside with its reason and its bytes, is counted, and holds nothing up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis

from commands.play import publisher_for
from producers.publish import promote
from schemas.events import encode_event
from schemas.keys import DEAD, prediction, stream
from tests.e2e.system import three_pools, workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from commands.settings import Settings
    from schemas.events import AnyEvent

HEAD = (
    b'"id":"1","source":"test","time":"2024-08-16T19:00:00Z",'
    b'"partitionkey":"sim1","specversion":"1.0"'
)
UNKNOWN_MATCH = b'{"type":"match.started","subject":"no-such-match",' + HEAD + b',"data":{}}'
WRONG_TYPE = b'{"type":"match.started","subject":7,' + HEAD + b',"data":{}}'
UNKNOWN_TYPE = b'{"type":"match.exploded","subject":"a",' + HEAD + b',"data":{}}'
ODDS = b'{"type":"odds.changed","subject":"a",' + HEAD + b',"data":{"bookmaker":"b","home":%s}}'

BAD = {
    "malformed JSON": (b'{"type":', "malformed"),
    "not UTF-8": (b"\xff\xfe\x00", "malformed"),
    "nothing": (b"", "malformed"),
    "unknown type": (UNKNOWN_TYPE, "malformed"),
    "wrong field type": (WRONG_TYPE, "malformed"),
    "NaN": (ODDS % b"NaN", "malformed"),
    "a number too large": (ODDS % b"1e999", "malformed"),
    "a price that cannot be": (ODDS % b"0.9", "malformed"),
    "1 MB": (b'{"type":"' + b"x" * 2**20 + b'"}', "malformed"),
    "a NUL byte": (UNKNOWN_MATCH.replace(b"no-such", b"no\\u0000such"), "malformed"),
    "deep nesting": (b"[" * 60_000, "malformed"),
    "an unknown match": (UNKNOWN_MATCH, "rejected"),
}


@pytest.fixture(scope="module")
def story() -> list[AnyEvent]:
    events = [event for event in three_pools(40) if event.partitionkey == "sim1"]
    assert len(events) == 40
    return events


@pytest.fixture(scope="module")
def settings(redis_url: str, postgres_url: str, story: list[AnyEvent]) -> Iterator[Settings]:
    """Settings of a run that was told a story with every kind of bad input in its middle."""
    with workers(redis_url, postgres_url, "test-bad-input") as group:
        publisher = publisher_for(group.settings)
        promote(publisher, group.settings.partitions, "champion", story[0].time)
        partition = publisher.assign("sim1")
        good = [(event.id.encode(), encode_event(event)) for event in story]
        bad = [(name.encode(), raw) for name, (raw, _) in BAD.items()]
        publisher.publish(partition, [*good[:20], *bad, *good[20:]])
        publisher.publish(partition, [(b"no model", NO_MODEL)])
        publisher.close()
        group.start("forecast", "archive")
        group.drained("forecast", "archive")
        yield group.settings


NO_MODEL = b'{"type":"model.promoted",' + HEAD + b',"data":{"model":"nobody@9"}}'


def set_aside(settings: Settings) -> list[dict[bytes, bytes]]:
    with redis.Redis.from_url(str(settings.redis)) as client:
        return [
            fields
            for partition in range(settings.partitions)
            for _, fields in client.xrange(stream(settings.namespace, partition, DEAD))
        ]


@pytest.mark.parametrize("name", BAD)
def test_it_is_set_aside_once_with_its_reason_and_its_bytes(name: str, settings: Settings) -> None:
    raw, error = BAD[name]

    found = [fields for fields in set_aside(settings) if fields[b"raw"] == raw]

    assert len(found) == 1
    assert found[0][b"error"] == error.encode()
    assert len(found[0][b"reason"]) > 5


def test_a_model_that_is_not_there_is_refused_and_the_old_one_goes_on(settings: Settings) -> None:
    found = [fields for fields in set_aside(settings) if fields[b"raw"] == NO_MODEL]

    assert [fields[b"error"] for fields in found] == [b"model"]
    assert b"nobody@9" in found[0][b"reason"]


def test_the_stream_goes_on(settings: Settings, story: list[AnyEvent]) -> None:
    matches = {event.subject for event in story if event.subject}

    with redis.Redis.from_url(str(settings.redis)) as client:
        held = {match for match in matches if client.get(prediction(settings.namespace, match))}

    assert held == matches
    assert len(set_aside(settings)) == len(BAD) + 1
