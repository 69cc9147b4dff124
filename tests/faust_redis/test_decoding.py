"""Events are what Faust would have made of the same bytes, on the short way and on the long one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import faust
import pytest
from faust.exceptions import KeyDecodeError, ValueDecodeError

from faust_redis import App
from faust_redis.decoding import decoder_of


class Point(faust.Record):
    """A model."""

    x: int
    y: int = 0


class Shouting(faust.Schema):
    """A schema of a program's own."""

    def loads_value(self, app: Any, message: Any, **options: Any) -> Any:
        return super().loads_value(app, message, **options).upper()


@pytest.fixture(scope="module")
def app() -> faust.App:
    return App("app", broker="redis://127.0.0.1:1", namespace="t")


def message(value: bytes | None, key: bytes | None = b'"k"') -> Any:
    """What a record comes as."""
    return SimpleNamespace(key=key, value=value, headers=None)


async def by_faust(topic: Any, record: Any) -> tuple[Any, Any]:
    """The key and value that Faust itself makes of a record."""
    event = await topic.decode(record, propagate=True)
    return event.key, event.value


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        ({}, b'{"a": [1, 2.5, null]}'),
        ({}, b'"text"'),
        ({"value_type": str, "value_serializer": "raw"}, "\u00e9t\u00e9".encode()),
        ({"value_type": int}, b"7"),
        ({"value_type": bytes, "value_serializer": "raw"}, b"\xff\x00"),
        ({"value_type": Point}, b'{"x": 1, "y": 2}'),
        ({"value_serializer": "raw"}, b"\xff\x00"),
        ({"value_type": str, "value_serializer": "json"}, b'"text"'),
        ({"key_type": bytes}, b"1"),
        ({"key_type": str, "key_serializer": "json"}, b"1"),
        ({"key_type": Point, "key_serializer": "json"}, b"1"),
        ({"allow_empty": True}, None),
        ({"value_type": Point, "allow_empty": True}, None),
        ({}, None),
    ],
)
async def test_the_short_way_makes_the_event_that_faust_makes(
    app: faust.App, settings: dict[str, Any], value: bytes | None
) -> None:
    topic = app.topic("points", **settings)
    key = b'{"x": 3}' if settings.get("key_type") is Point else b'"k"'

    event = decoder_of(topic)(message(value, key))

    assert (event.key, event.value) == await by_faust(topic, message(value, key))
    assert event.headers == {}


@pytest.mark.parametrize(
    ("settings", "record", "error"),
    [
        ({}, message(b"no json"), ValueDecodeError),
        ({"key_type": int}, message(b"1", b"no number"), KeyDecodeError),
        ({"value_type": str}, message(b"\xff"), ValueDecodeError),
        ({"value_type": Point}, message(None), ValueDecodeError),
    ],
)
def test_bytes_that_faust_could_not_read_are_not_read_either(
    app: faust.App, settings: dict[str, Any], record: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        decoder_of(app.topic("points", **settings))(record)


def test_a_schema_of_the_programs_own_has_its_say(app: faust.App) -> None:
    topic = app.topic("words", schema=Shouting(value_type=str))

    assert decoder_of(topic)(message(b'"word"')).value == "WORD"
