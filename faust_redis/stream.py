"""A stream that tells "the agent wants the next record" from "the agent failed"."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from faust.exceptions import Skip
from faust.streams import Stream
from faust.types.topics import TopicT
from mode.utils.futures import maybe_async

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from faust.types import EventT

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
        return self._tracked(self._handed_out(events=False))

    def events(self) -> AsyncIterator[EventT[Any]]:
        """Iterate over events; their values are as they came in."""
        if not isinstance(self.channel, TopicT):
            return cast("AsyncIterator[EventT[Any]]", super().events())
        return self._tracked(self._handed_out(events=True))

    def _tracked(self, handed_out: AsyncGenerator[Any]) -> AsyncIterator[Any]:
        self._active_agens.add(handed_out)
        return handed_out

    async def _handed_out(self, *, events: bool) -> AsyncGenerator[Any]:  # noqa: C901, PLR0912 - run for every record: no calls
        self._finalized = True
        started_by_aiter = await self.maybe_start()
        consumer = cast("Consumer", self.app.consumer)
        rounds, sensors = consumer.rounds, self.app.sensors
        channel = self.channel.__aiter__()
        # The queue's own ways to look and get cost as much as the rest of this loop.
        waiting, errors = channel.queue._queue, channel.queue._errors  # noqa: SLF001
        processors = self._processors
        turns = 0
        try:
            while not self.should_stop:
                turns += 1
                if turns % _PAUSE_EVERY == 0:
                    await asyncio.sleep(0)
                if waiting and not errors:
                    event = waiting.popleft()
                else:
                    event = await channel.__anext__()
                message = event.message
                if not rounds.begin(message):
                    continue
                tp, offset = message.tp, message.offset
                sensor_state = sensors.on_stream_event_in(tp, offset, self, event)
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
                    yield event if events else value
                # Not in a finally: when the agent raises we are closed at the yield.
                self._set_current_event(None)
                sensors.on_stream_event_out(tp, offset, self, event, sensor_state)
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
