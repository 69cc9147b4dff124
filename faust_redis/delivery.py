"""Handing a round's messages to the channels that read their topics."""

from __future__ import annotations

import hashlib
import traceback
from typing import TYPE_CHECKING, Any

from faust.exceptions import KeyDecodeError, ValueDecodeError

from faust_redis.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from faust.types import EventT

    from faust_redis.message import StreamMessage
    from faust_redis.round import Round


def deliver(round_: Round, channels_of: Any) -> None:  # noqa: ANN401 - the conductor's index
    """Put every message into the queues of its channels; what cannot be read is buried."""
    for message in list(round_.messages):
        channels = channels_of.get(message.tp)
        if not channels:
            message.acked = True
            round_.pending -= 1
            continue
        message.refcount = len(channels)
        try:
            events = _decoded(message, channels)
        except (KeyDecodeError, ValueDecodeError) as error:
            round_.messages.remove(message)
            round_.pending -= 1
            letter = letter_of("cannot be read", error.__cause__ or error, 1)
            round_.unit.bury(round_, message.feed, message.entry, letter)
            continue
        for queue, event in events:
            queue.force_put_nowait(event)


def _decoded(message: StreamMessage, channels: Any) -> list[tuple[Any, EventT[Any]]]:  # noqa: ANN401
    events = []
    known: dict[tuple[Any, Any], EventT[Any]] = {}
    for channel in channels:
        kind = channel.key_type, channel.value_type
        event = known.get(kind)
        if event is None:
            event = known[kind] = _run(channel.decode(message, propagate=True))
        events.append((channel.queue, event))
    return events


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


def letter_of(reason: str, error: BaseException, attempts: int) -> dict[str, Any]:
    """What a dead letter says of an error."""
    frames = traceback.extract_tb(error.__traceback__)
    place = "|".join(f"{frame.filename}:{frame.name}:{frame.lineno}" for frame in frames)
    return {
        "reason": reason,
        "error": str(error) or repr(error),
        "error_class": f"{type(error).__module__}.{type(error).__qualname__}",
        # Names the place, so that letters of one cause can be counted together.
        "traceback": hashlib.sha256(place.encode()).hexdigest()[:16],
        "attempts": attempts,
    }
