"""A stream that tells "the agent wants the next batch" from "the agent failed"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from faust.exceptions import Skip
from faust.streams import Stream
from mode.utils.futures import maybe_async

from faust_redis.topic import BatchTopic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from faust.types import EventT

    from faust_redis.consumer import Consumer


class BatchStream(Stream):
    """Faust's stream, except that a batch is acknowledged only when the agent comes for more.

    Faust acknowledges in a ``finally``: what an agent raised on is acknowledged too, and lost.
    """

    def __aiter__(self) -> AsyncIterator[Any]:
        """Iterate over the values of events."""
        if not isinstance(self.channel, BatchTopic):
            return cast("AsyncIterator[Any]", super().__aiter__())
        batches = self._batches()
        self._active_agens.add(batches)
        return batches

    async def _batches(self) -> AsyncIterator[Any]:
        self._finalized = True
        started_by_aiter = await self.maybe_start()
        consumer = cast("Consumer", self.app.consumer)
        channel = self.channel.__aiter__()
        try:
            while not self.should_stop:
                event = await channel.__anext__()
                if not consumer.begin(event.message):
                    continue
                sensor_state = self._on_stream_event_in(
                    event.message.tp, event.message.offset, self, event
                )
                self._set_current_event(event)
                acks = self.enable_acks
                skipped, value = await self._processed(event)
                if not skipped:
                    self.events_total += 1
                    yield value
                # Not in a finally: when the agent raises we are closed at the yield.
                self._set_current_event(None)
                self._on_stream_event_out(
                    event.message.tp, event.message.offset, self, event, sensor_state
                )
                if acks or skipped:
                    event.ack()
        except StopAsyncIteration:
            # Faust ends a channel so; out of a generator it would become a RuntimeError.
            return
        finally:
            self._channel_stop_iteration(self.channel)
            if started_by_aiter:
                await self.stop()
                self.service_reset()

    async def _processed(self, event: EventT[Any]) -> tuple[bool, Any]:
        value = event.value
        try:
            for processor in self._processors:
                value = await maybe_async(processor(value))
        except Skip:
            return True, None
        return False, value
