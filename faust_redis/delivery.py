"""Handing a round's messages to the channels that read their topics."""

from __future__ import annotations

import hashlib
import traceback
from typing import TYPE_CHECKING, Any

from faust_redis.decoding import UNREADABLE, decoder_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faust.types import TP, EventT

    from faust_redis.decoding import Decode
    from faust_redis.message import StreamMessage
    from faust_redis.round import Round

    Route = tuple[Any, Decode, tuple[Any, Any]]


class Delivery:
    """Hands messages to channels; knows how each channel decodes."""

    def __init__(self) -> None:
        self._decoders: dict[int, tuple[Any, Decode]] = {}

    def deliver(
        self,
        round_: Round,
        messages: Sequence[StreamMessage],
        channels_of: Any,  # noqa: ANN401 - the conductor's index
    ) -> None:
        """Put messages into the queues of their channels; what cannot be read is buried."""
        tp: TP | None = None
        routes: list[Route] = []
        for message in messages:
            if message.tp is not tp:
                tp = message.tp
                routes = [self._route(channel) for channel in channels_of.get(tp) or ()]
            if not routes:
                message.acked = True
                round_.pending -= 1
                continue
            message.refcount = len(routes)
            try:
                events = _decoded(message, routes)
            except UNREADABLE as error:
                round_.messages.remove(message)
                round_.pending -= 1
                letter = letter_of("cannot be read", error.__cause__ or error, 1)
                round_.unit.bury(round_, message.feed, message.entry, letter)
                continue
            for (queue, _, _), event in zip(routes, events, strict=True):
                _put(queue, event)

    def _route(self, channel: Any) -> Route:  # noqa: ANN401 - Faust's untyped channel
        known = self._decoders.get(id(channel))
        if known is None:
            # The channel is kept, so that no other one can come by its id.
            known = self._decoders[id(channel)] = channel, decoder_of(channel)
        return channel.queue, known[1], (channel.key_type, channel.value_type)


def _put(queue: Any, event: EventT[Any]) -> None:  # noqa: ANN401 - mode's untyped queue
    """Put an event into a channel's queue, full or not: a round is all that is ever in it."""
    if queue._getters:  # noqa: SLF001
        queue.force_put_nowait(event)
    else:
        # Nobody waits to be woken; and nobody joins a channel, for which the rest would count.
        queue._put(event)  # noqa: SLF001


def _decoded(message: StreamMessage, routes: list[Route]) -> list[EventT[Any]]:
    """An event for each route; those of one kind share it."""
    if len(routes) == 1:
        return [routes[0][1](message)]
    known: dict[tuple[Any, Any], EventT[Any]] = {}
    for _, decode, kind in routes:
        if kind not in known:
            known[kind] = decode(message)
    return [known[kind] for _, _, kind in routes]


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
