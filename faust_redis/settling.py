"""Committing rounds that are done, and settling what became of each commit."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from faust.types.tuples import TP

from faust_redis.commits import Commit, Outcome
from faust_redis.errors import TransportError
from faust_redis.round import Round
from faust_redis.transaction import MISSING, Transaction

if TYPE_CHECKING:
    import asyncio

    from faust_redis.codec import TableCodec
    from faust_redis.consumer import Consumer
    from faust_redis.partition import Partition


class Settling:
    """One commit of a partition at a time; the next round is worked on meanwhile."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    def commit_next(self, unit: Partition) -> None:
        """Send the commit of the round that is done, unless another one is on its way."""
        round_ = unit.finished
        if round_ is None or unit.committing is not None:
            return
        try:
            commit = Commit(self._consumer.control, unit, round_, self._consumer.owner.lease_ms)
        except Exception as error:  # noqa: BLE001 - a value that has no bytes
            self._consumer.failed = True
            self._consumer.add_future(self._consumer.crash(error))
            return
        unit.finished, unit.committing = None, round_
        state = self._consumer.app.sensors.on_commit_initiated(self._consumer)
        first = commit.send()

        def replied(reply: asyncio.Future[bytes]) -> None:
            # A task for each commit would cost as much as the rest of it.
            if reply.cancelled() or reply.exception() is not None or reply.result() != b"OK":
                self._consumer.add_future(self._find_out(unit, round_, commit, state))
                return
            try:
                self._settle(unit, round_, state)
            except Exception as error:  # noqa: BLE001 - whoever is told of a commit may raise
                self._consumer.add_future(self._consumer.crash(error))

        if first is not None:
            first.add_done_callback(replied)
        else:
            self._consumer.add_future(self._find_out(unit, round_, commit, state))
        # The next round is worked on while this one is on its way.
        self._consumer.rounds.start(unit)

    async def _find_out(self, unit: Partition, round_: Round, commit: Commit, state: Any) -> None:  # noqa: ANN401
        """Settle a commit whose reply was not simply that it is done."""
        try:
            outcome = await commit.outcome()
        except TransportError as error:
            self._consumer.failed = True
            self._end_commit(unit, round_)
            await self._consumer.crash(error)
            return
        if outcome is Outcome.COMMITTED:
            self._settle(unit, round_, state)
            return
        self._end_commit(unit, round_)
        if unit.current_round(round_):
            await self._consumer.lose(unit, round_.generation)

    def _end_commit(self, unit: Partition, round_: Round) -> None:
        if unit.committing is round_:
            unit.committing = None
        self._consumer.progress.set()

    def _settle(self, unit: Partition, round_: Round, state: Any) -> None:  # noqa: ANN401
        self._end_commit(unit, round_)
        if not unit.current_round(round_):
            return
        unit.committed(round_)
        unit.renewed_s = now_s = time.monotonic()
        self.commit_next(unit)
        self._consumer.rounds.start(unit)
        self._consumer.reader.wake_for(unit)
        self._consumer.app.sensors.on_commit_completed(self._consumer, state)
        self._tell(round_, now_s - round_.finished_s)

    def _tell(self, round_: Round, seconds: float) -> None:
        self._consumer.watch.counts["commits"] += 1
        self._consumer.watch.counts["records"] += round_.count
        if round_.letters:
            self._consumer.watch.count("dead", None, round_.letters)
        if self._consumer.watch.listeners:
            self._consumer.watch.tell("commit_s", TP("", round_.partition), seconds)
        if (
            round_.count
            and (on_commit := getattr(self._consumer.app, "call_committed", None)) is not None
        ):
            on_commit(round_.batch or round_, seconds)

    def expire(self, codec: TableCodec, key: object) -> None:
        """Delete a field whose window is over, by a commit of its own."""
        for unit in self._consumer.units:
            if key in unit.views.get(codec.name, {}) and unit.owned:
                write = Transaction(
                    self._consumer.options.keyspace,
                    self._consumer.app.conf.id,
                    unit.number,
                    unit.views,
                )
                self._consumer.add_future(self._housekeep(unit, write, codec, key))

    async def _housekeep(
        self, unit: Partition, write: Transaction, codec: TableCodec, key: object
    ) -> None:
        # Between two rounds, so that no record in hand sees half of it.
        while unit.current or unit.finished or unit.committing:
            self._consumer.progress.clear()
            await self._consumer.progress.wait()
        if not unit.owned or key not in unit.views.get(codec.name, {}):
            return
        write.put_object(codec, key, MISSING)
        round_ = Round(unit, write)
        unit.finished = round_
        self.commit_next(unit)
