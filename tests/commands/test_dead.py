"""``sabiscore dead``: what was set aside is listed, shown, sent again and dropped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import redis

from schemas.keys import DEAD, EVENTS, stream

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    Sabiscore = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    """A plain client to look from outside."""
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def dead(sabiscore: Sabiscore, redis_url: str, namespace: str) -> Sabiscore:
    """Run ``sabiscore dead`` on this test's namespace."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        named = {"SABISCORE_REDIS": redis_url, "SABISCORE_NAMESPACE": namespace}
        return sabiscore("dead", *words, SABISCORE_PARTITIONS="2", **named)

    return run


def set_aside(client: Any, namespace: str, partition: int, raw: bytes) -> str:
    """Set a record aside as an agent does; its place."""
    letter = {"raw": raw, "reason": "[/no] such match", "error": "rejected", "app": "forecast"}
    entry = client.xadd(stream(namespace, partition, DEAD), {**letter, "position": "1-0"})
    return f"{partition}/{entry.decode()}"


def test_what_was_set_aside_is_listed_for_people_and_for_scripts(
    dead: Sabiscore, client: Any, namespace: str
) -> None:
    none = dead("list")
    places = {set_aside(client, namespace, p, b'{"id": "[b]%d"}' % p) for p in (0, 1)}

    shown, listed = dead("list"), json.loads(dead("list", "--json").stdout)

    assert none.stdout.strip() == "Nothing was set aside."
    assert shown.returncode == 0
    assert all(place in shown.stdout for place in places)
    assert '{"id": "[b]1"}' in shown.stdout
    assert {entry["place"] for entry in listed} == places
    assert {entry["reason"] for entry in listed} == {"[/no] such match"}


def test_the_bytes_are_shown_as_they_came(dead: Sabiscore, client: Any, namespace: str) -> None:
    place = set_aside(client, namespace, 1, b'{"a": 1}')

    assert dead("show", place).stdout == '{"a": 1}\n'


def test_retry_appends_the_bytes_to_their_stream_once_and_forgets_the_letter(
    dead: Sabiscore, client: Any, namespace: str
) -> None:
    place = set_aside(client, namespace, 1, b"again")

    done, twice = dead("retry", place), dead("retry", place)

    ((position, fields),) = client.xrange(stream(namespace, 1, EVENTS))
    assert done.stdout.strip() == position.decode()
    assert fields == {b"e": b"again"}
    assert client.xlen(stream(namespace, 1, DEAD)) == 0
    assert twice.returncode == 1


def test_drop_forgets_the_letter_and_nothing_else(
    dead: Sabiscore, client: Any, namespace: str
) -> None:
    gone, kept = (set_aside(client, namespace, 0, raw) for raw in (b"gone", b"kept"))

    assert dead("drop", gone).returncode == 0

    assert dead("show", kept).stdout == "kept\n"
    assert client.exists(stream(namespace, 0, EVENTS)) == 0


@pytest.mark.parametrize(
    ("word", "place"), [("show", "0/1-0"), ("retry", "nowhere"), ("drop", "0/1-0")]
)
def test_a_place_where_nothing_is_is_an_error_in_words(
    dead: Sabiscore, word: str, place: str
) -> None:
    done = dead(word, place)

    assert done.returncode == 1
    assert f"nothing was set aside at {place!r}" in done.stderr
    assert "Traceback" not in done.stderr
