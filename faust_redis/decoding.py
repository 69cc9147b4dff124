"""How a channel's events are made of messages: at once, without a coroutine for each.

Faust decodes through five layers, of which a plain topic needs the innermost one only. What a
program has changed (a schema of its own, another way to decode) is left to do its work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust import App
from faust.exceptions import KeyDecodeError, ValueDecodeError
from faust.serializers.schemas import Schema
from faust.topics import Topic

from faust_redis.errors import UnsupportedError
from faust_redis.topic import BatchTopic

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from faust.types import EventT

    from faust_redis.message import StreamMessage

    Decode = Callable[[StreamMessage], EventT[Any]]

UNREADABLE = (KeyDecodeError, ValueDecodeError)


def decoder_of(channel: Any) -> Decode:  # noqa: ANN401 - Faust's untyped channel
    """What turns a message into an event of this channel; raises one of :data:`UNREADABLE`."""
    app = channel.app
    ours = type(app).create_event is App.create_event
    if ours and isinstance(channel, BatchTopic):
        return _batches(app)
    decode = type(channel)._compile_decode  # noqa: SLF001 - is it Faust's own?
    if ours and type(channel.schema) is Schema and decode is Topic._compile_decode:  # noqa: SLF001
        return _plain(app, channel.schema)
    return lambda message: _run(channel.decode(message, propagate=True))


def _batches(app: Any) -> Decode:  # noqa: ANN401
    make = app.conf.Event
    return lambda message: make(app, None, message.batch, None, message)


def _plain(app: Any, schema: Any) -> Decode:  # noqa: ANN401
    make, registry = app.conf.Event, app.serializers
    key_type, value_type = schema.key_type, schema.value_type
    key_codec, value_codec = schema.key_serializer, schema.value_serializer
    loads_key, loads_value = registry.loads_key, registry.loads_value
    key_is_raw = _is_raw(key_type, key_codec or registry.key_serializer)
    value_is_raw = _is_raw(value_type, value_codec or registry.value_serializer)
    allow_empty = schema.allow_empty

    def decode(message: StreamMessage) -> EventT[Any]:
        key, value = message.key, message.value
        if not key_is_raw:
            key = loads_key(key_type, key, serializer=key_codec)
        if not (value_is_raw or (value is None and allow_empty)):
            value = loads_value(value_type, value, serializer=value_codec)
        return make(app, key, value, message.headers, message)

    return decode


def _is_raw(kind: Any, codec: Any) -> bool:  # noqa: ANN401
    """True where Faust would hand on the very bytes."""
    return bool((kind is None and codec == "raw") or (kind is bytes and codec in {None, "raw"}))


def _run(decoding: Coroutine[Any, Any, EventT[Any]]) -> EventT[Any]:
    """The result of a coroutine that waits for nothing, as Faust's decoders do."""
    try:
        decoding.send(None)
    except StopIteration as done:
        event: EventT[Any] = done.value
        return event
    decoding.close()
    message = "a schema that waits for something while it decodes is not carried"
    raise UnsupportedError(message)
