"""Handing out rounds, and noting what agents have begun and done of them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

from faust_redis.delivery import Delivery
from faust_redis.errors import TransportError
from faust_redis.message import StreamMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faust.types.tuples import Message

    from faust_redis.consumer import Consumer
    from faust_redis.partition import Partition
    from faust_redis.round import Round


class Rounds:
    """One round of a partition at a time, from its first message to its last acknowledgement."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._app = consumer.app
        self._is_active = consumer.app.flow_control.is_active
        self._delivery = Delivery()
        self.asked = False
        """True once an agent here has asked another: it holds its record until it is answered."""

    def start(self, unit: Partition) -> None:
        """Hand out what waits, if the partition is ours and its agents have nothing in hand."""
        if self.asked and unit.current is not None:
            self._grow(unit, unit.current)
        while unit.wants_round and not self._consumer.failed and self._is_active():
            if unit.one_by_one and unit.first_waiting() and not self._tried(unit):
                return
            round_ = unit.next_round(self._app.consumer_generation_id)
            if round_ is None:
                return
            self._deliver(round_, round_.first)
            if round_.pending > 0:
                return
            self.finish(round_)

    def _deliver(self, round_: Round, messages: Sequence[StreamMessage]) -> None:
        self._delivery.deliver(round_, messages, self._app.topics._tp_index)  # noqa: SLF001 - the conductor's

    def _grow(self, unit: Partition, round_: Round) -> None:
        """Let what an agent with a record in hand may wait for be worked on in its own round.

        A round of its own could not be committed first, having seen what this one wrote.
        """
        if self._consumer.failed or not self._is_active():
            return
        if fresh := unit.grow(self._app.consumer_generation_id):
            self._deliver(round_, fresh)

    def _tried(self, unit: Partition) -> bool:
        """True when it is on record which record is tried next; else put it there first."""
        waiting = unit.first_waiting()
        if waiting is None or unit.letters:
            return True
        feed, entry = waiting
        trying = f"{feed.source.topic} {entry[0].decode()}"
        if unit.tried == trying:
            return True
        if unit.committing is None:
            self._consumer.add_future(self._try(unit, trying, unit.generation))
        return False

    async def _try(self, unit: Partition, trying: str, generation: int) -> None:
        try:
            kept = await self._consumer.owner.renew(unit, trying)
        except TransportError as error:
            self._consumer.log.warning("partition %d: %s", unit.number, error)
            await asyncio.sleep(0.1)
            kept = True
        else:
            if kept and unit.generation == generation:
                unit.tried = trying
        if not kept:
            await self._consumer.lose(unit, generation)
            return
        self.start(unit)

    def begin(self, message: Message) -> bool:
        """Note that a stream hands the message to its agent; False when it no longer counts."""
        if type(message) is not StreamMessage:
            return True
        round_ = message.round
        if round_ is None or round_.void or message.acked or self._consumer.failed:
            return False
        if message.tracked:
            return True
        if not self._is_active():
            return False
        if round_.open and round_.overdue() and len(round_.messages) > round_.pending:
            self.cut(round_)
        if message.round is None:
            return False
        message.tracked = True
        self._app.sensors.on_message_in(message.tp, message.offset, message)
        return True

    def cut(self, round_: Round) -> None:
        """Let a round end with what agents have in hand now."""
        round_.cut()
        if round_.pending == 0 and round_.live:
            self.finish(round_)
        elif self.asked:
            # A question may be among what was cut, and its asker in hand.
            self.start(round_.unit)

    def ack(self, message: Message) -> bool:
        """Note that every agent is done with a message (called by Faust)."""
        if message.acked:
            return False
        message.acked = True
        round_ = cast("StreamMessage", message).round
        if round_ is None or round_.void or self._consumer.failed:
            self._consumer.progress.set()
            return False
        round_.pending -= 1
        if round_.pending == 0:
            self.finish(round_)
        elif self.asked:
            self.start(round_.unit)
        self._app.sensors.on_message_out(message.tp, message.offset, message)
        return True

    def hold(self, round_: Round) -> None:
        """Keep a round from its commit until it is released, whatever its agents are done with."""
        round_.pending += 1

    def release(self, round_: Round) -> None:
        """End a :meth:`hold`."""
        round_.pending -= 1
        if round_.pending == 0 and not round_.void and not self._consumer.failed:
            self.finish(round_)

    def finish(self, round_: Round) -> None:
        """Pass on a round that every agent is done with; replies to us are committed by nobody."""
        unit = round_.unit
        if unit in self._consumer.replies.values():
            unit.current = None
            self.start(unit)
            return
        round_.finished_s = time.monotonic()
        unit.current, unit.finished = None, round_
        self._consumer.settling.commit_next(unit)
