"""A stream that tells "the agent wants the next record" from "the agent failed"."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from faust.exceptions import Skip
from faust.streams import Stream
from faust.types.topics import TopicT
from mode.utils.futures import maybe_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from faust_redis.consumer import Consumer

_PAUSE_EVERY = 64
"""Records handed out before other tasks get their turn."""

_SKIPPED = object()


class RoundStream(Stream):
    """Faust's stream, except that a record is acknowledged only when the agent comes for more.

    Faust acknowledges in a ``finally``: what an agent raised on is acknowledged too, and lost.
    """

    def __aiter__(self) -> AsyncIterator[Any]:
        """Iterate over the values of events."""
        if not isinstance(self.channel, TopicT):
            return cast("AsyncIterator[Any]", super().__aiter__())
        values = self._values()
        self._active_agens.add(values)
        return values

    async def _values(self) -> AsyncIterator[Any]:  # noqa: C901 - run for every record: no calls
        self._finalized = True
        started_by_aiter = await self.maybe_start()
        consumer = cast("Consumer", self.app.consumer)
        rounds = consumer.rounds
        channel = self.channel.__aiter__()
        queue = channel.queue
        event_in, event_out = self._on_stream_event_in, self._on_stream_event_out
        processors = self._processors
        turns = 0
        try:
            while not self.should_stop:
                turns += 1
                if turns % _PAUSE_EVERY == 0:
                    await asyncio.sleep(0)
                event = await channel.__anext__() if queue.empty() else queue.get_nowait()
                message = event.message
                if not rounds.begin(message):
                    continue
                tp, offset = message.tp, message.offset
                sensor_state = event_in(tp, offset, self, event)
                self._set_current_event(event)
                acks = self.enable_acks
                value = event.value
                if processors or self.join_strategy is not None:
                    try:
                        value = await self._processed(value)
                    except Exception as error:  # noqa: BLE001 - what a processor raises is poison
                        await consumer.poison.fail(message, error)
                        continue
                if value is not _SKIPPED:
                    self.events_total += 1
                    yield value
                # Not in a finally: when the agent raises we are closed at the yield.
                self._set_current_event(None)
                event_out(tp, offset, self, event, sensor_state)
                if acks or value is _SKIPPED:
                    # Message.ack, without its lock: everything happens in this loop.
                    message.refcount -= 1
                    if message.refcount <= 0:
                        rounds.ack(message)
        except StopAsyncIteration:
            # Faust ends a channel so; out of a generator it would become a RuntimeError.
            return
        finally:
            self._channel_stop_iteration(self.channel)
            if started_by_aiter:
                await self.stop()
                self.service_reset()

    async def _processed(self, value: Any) -> Any:  # noqa: ANN401
        try:
            for processor in self._processors:
                value = await maybe_async(processor(value))
            if self.join_strategy is not None:
                value = await self.on_merge(value)
        except Skip:
            return _SKIPPED
        return value
