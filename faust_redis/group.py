"""The workers of one app: who is there, and which partitions this one should have."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING, Any

from faust_redis import scripts
from faust_redis.checks import register
from faust_redis.client import TRANSIENT
from faust_redis.errors import (
    CommandError,
    ServerUnavailableError,
    TransportError,
    UnsupportedError,
)
from faust_redis.plan import moves

if TYPE_CHECKING:
    from faust_redis.consumer import Consumer
    from faust_redis.partition import Partition

_log = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 0.5
_BELL_LENGTH = 8
_DRAIN_TIMEOUT_S = 30.0


class Group:
    """This worker among the others of its app; leases make it safe, the plan makes it fair."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        options = consumer.options
        app = consumer.app.conf.id
        self._keyspace = options.keyspace
        self._members = options.keyspace.members(app)
        self._reads = options.keyspace.reads(app)
        self._bell = options.keyspace.bell(app)
        self._lease_s = options.lease_s
        self.name = consumer.worker
        self._rung = asyncio.Event()
        self.settled = asyncio.Event()
        """Set once this worker has looked who owns what, and taken its share."""
        self._told: list[str] = []
        self._joined = False
        self._registered: list[str] | None = None
        self._moving: set[int] = set()
        self._told_sensors: dict[Any, Any] | None = None
        """What Faust's sensors said at the start of a rebalance, while there is one."""

    async def run(self) -> None:
        """Beat, take and give until the consumer stops.

        Raises:
            UnsupportedError: When another app of this id reads other topics.
            PartitionCountError: When another number of partitions is on record.
        """
        consumer = self._consumer
        consumer.reader.bell = self._bell.encode()
        consumer.reader.on_bell = self.ring
        # A stream that is opened later is in no worker's first word: the program tells apps apart.
        reads = json.dumps(self._topics())
        pause_s = min(self._lease_s / 4, _LONGEST_PAUSE_S)
        while not consumer.should_stop:
            self._rung.clear()
            try:
                await self._turn(reads)
            except ServerUnavailableError:
                await consumer.control.connected()
                continue
            except CommandError as error:
                if error.code not in TRANSIENT:
                    raise
                _log.warning("the server cannot say now who owns what: %s", error)
            try:
                async with asyncio.timeout(pause_s):
                    await self._rung.wait()
            except TimeoutError:
                pass

    def ring(self) -> None:
        """Look at who owns what now."""
        self._rung.set()

    def _topics(self) -> list[str]:
        return sorted({topic for unit in self._consumer.units for topic in unit.feeds})

    async def _register(self) -> None:
        """Put on record what must outlive nobody: before the first move, and after a flush."""
        consumer, topics = self._consumer, self._topics()
        await register(
            consumer.control,
            self._keyspace,
            consumer.options.partitions,
            consumer.app.conf.id,
            topics,
            consumer.app.producer.declared,
        )
        self._registered = topics

    async def _turn(self, reads: str) -> None:
        units = list(self._consumer.units)
        reply = await self._consumer.control.run(
            scripts.HEARTBEAT,
            [self._members, self._reads, *(unit.cursor for unit in units)],
            [self.name, round(self._lease_s * 1000), reads],
        )
        if reply[0] == b"DIFFERENT":
            message = (
                f"another worker of app {self._consumer.app.conf.id!r} reads "
                f"{reply[1].decode()}, not {reads}; give one of them another id"
            )
            raise UnsupportedError(message)
        if reply[0] == b"NEW" or self._registered != self._topics():
            await self._register()
        words = [word.decode() for word in reply[1:]]
        # The server lists them by who beat last, which says nothing about who is there.
        members = sorted(words[: words.index("")])
        owners = words[words.index("") + 1 :]
        for unit in units:
            # What we hold is what counts, whatever the server has heard of it yet.
            if unit.owned:
                owners[unit.number] = self.name
            elif owners[unit.number] == self.name:
                owners[unit.number] = ""
        if members != self._told:
            _log.info("%d workers share %d partitions", len(members), len(units))
            self._told = members
            if not self._joined:
                self._joined = True
                await self._ring_all()
        await self._move(*moves(self.name, members, owners))

    async def _move(self, give: list[int], take: list[int]) -> None:
        consumer = self._consumer
        units = consumer.units
        if give or take:
            self._begin_rebalance()
        for number in give:
            if number not in self._moving:
                self._moving.add(number)
                consumer.add_future(self._give(units[number]))
        taken = await asyncio.gather(*(consumer.take(units[number]) for number in take))
        got = {feed.tp for n, ok in zip(take, taken, strict=True) if ok
               for feed in units[n].feeds.values()}  # fmt: skip
        self.settled.set()
        if all(taken) and not self._moving:
            self._end_rebalance()
        if got:
            consumer.watch.count("rebalances")
            await consumer.app.on_partitions_assigned.send(got)

    def _begin_rebalance(self) -> None:
        """Tell Faust's sensors, once for all moves until none is left."""
        app = self._consumer.app
        if self._told_sensors is None:
            app.rebalancing_count += 1
            self._told_sensors = app.sensors.on_rebalance_start(app)

    def _end_rebalance(self) -> None:
        app, told = self._consumer.app, self._told_sensors
        if told is not None:
            self._told_sensors = None
            app.sensors.on_rebalance_return(app, told)
            app.sensors.on_rebalance_end(app, told)

    async def _give(self, unit: Partition) -> None:
        """Stop its flow, drain it, commit, and hand it over."""
        consumer = self._consumer
        unit.leaving = True
        generation = unit.generation
        try:
            async with asyncio.timeout(_DRAIN_TIMEOUT_S):
                await consumer.drain(unit)
        except TimeoutError:
            _log.warning("partition %d: its agents take too long; given away", unit.number)
        self._moving.discard(unit.number)
        if unit.generation != generation or not unit.owned:
            return
        tps = {feed.tp for feed in unit.feeds.values()}
        await consumer.owner.release(unit)
        unit.leaving = False
        _log.info("partition %d is given to another worker", unit.number)
        consumer.watch.count("rebalances")
        await self._ring_all()
        await consumer.app.on_partitions_revoked.send(tps)

    async def renew(self) -> None:
        """Lengthen the leases that no commit has lengthened lately."""
        consumer = self._consumer
        pause_s = self._lease_s / 3
        connections = -1
        while not consumer.should_stop:
            reconnected, connections = (
                consumer.control.connections != connections, consumer.control.connections,
            )  # fmt: skip
            due_s = time.monotonic() - pause_s
            due = [
                unit
                for unit in consumer.units
                if unit.owned and not unit.committing and (reconnected or unit.renewed_s < due_s)
            ]
            await asyncio.gather(*(self._renew(unit) for unit in due))
            await consumer.sleep(pause_s / 4)

    async def _renew(self, unit: Partition) -> None:
        consumer = self._consumer
        generation = unit.generation
        try:
            kept = await consumer.owner.renew(unit)
        except ServerUnavailableError:
            await consumer.control.connected()
            return
        except CommandError as error:
            _log.warning("partition %d: its lease was not renewed: %s", unit.number, error)
            return
        if not kept:
            await consumer.lose(unit, generation)

    async def _ring_all(self) -> None:
        try:
            await self._consumer.control.call(
                "XADD", self._bell, "MAXLEN", _BELL_LENGTH, "*", "by", self.name
            )
        except TransportError as error:
            _log.warning("the other workers could not be told: %s", error)

    async def leave(self) -> None:
        """Give everything back and tell the others, if the server can be told now."""
        consumer = self._consumer
        taken = [unit for unit in consumer.units if unit.last_token]
        await asyncio.gather(*(consumer.owner.release(unit) for unit in taken))
        if not self._joined:
            return
        try:
            await consumer.control.call("ZREM", self._members, self.name)
            await consumer.control.call("HDEL", self._reads, self.name)
        except TransportError as error:
            _log.warning("this worker could not leave politely: %s", error)
            return
        await self._ring_all()

    async def forget(self, topic: str) -> None:
        """Remove a topic of replies to this process."""
        try:
            await self._consumer.control.call("DEL", self._keyspace.of(0, topic))
        except TransportError as error:
            _log.warning("replies could not be removed: %s", error)
