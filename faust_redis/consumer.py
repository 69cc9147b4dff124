"""Faust's consumer over Redis Streams: hands out rounds and commits each as soon as it is done."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from faust_redis.checks import wait_until_fit
from faust_redis.client import Client
from faust_redis.contract import NoSeeks
from faust_redis.deaths import connection_name
from faust_redis.errors import TransportError, UnsupportedError
from faust_redis.feed import Source
from faust_redis.group import Group
from faust_redis.mirror import Mirror
from faust_redis.ownership import Ownership
from faust_redis.partition import Partition
from faust_redis.poison import Poison
from faust_redis.positions import pack
from faust_redis.reader import Reader
from faust_redis.rounds import Rounds
from faust_redis.settling import Settling
from faust_redis.sources import source_of
from faust_redis.upkeep import Upkeep
from faust_redis.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from faust.types.tuples import TP, Message
    from mode import Service
    from mode.types import ServiceT

    from faust_redis.options import Options

_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 10.0


class Consumer(NoSeeks):
    """Owns partitions of all the app's topics for as long as it runs."""

    mundane_level = "debug"

    def on_init(self) -> None:
        """Make what needs no event loop (called by mode)."""
        self.options: Options = self.transport.options
        self.watch = Watch()
        self.units: list[Partition] = []
        self._sources: dict[str, Source] = {}
        self.replies: dict[str, Partition] = {}
        self._reply_topics = {self.app.conf.reply_to}
        self._assigned = False
        self.failed = False
        self.progress = asyncio.Event()
        address, name = self.options.address, self.app.conf.id
        self.worker = uuid4().hex
        self.control = Client(address, connection_name(name, self.worker))
        self.reader = Reader(self.control, Client(address, f"{name}:read"))
        self.owner = Ownership(
            self.control, self.options.lease_s, name, self.worker, self.app.tables
        )
        follower = Client(address, f"{name}:global")
        self.mirror = Mirror(follower, self.options.keyspace, self.options.partitions)
        self.rounds = Rounds(self)
        self.settling = Settling(self)
        self.poison = Poison(self)
        self.group = Group(self)
        self.upkeep = Upkeep(self)

    async def on_start(self) -> None:
        """Check the server before anything is trusted to it (called by mode)."""
        await super().on_start()
        await wait_until_fit(
            self.control, self.options.keyspace, self.options.partitions, _START_TIMEOUT_S
        )
        if not self.app.conf.reply_to.startswith(self.app.conf.reply_to_prefix):
            # Before the first answer, whose sender would assume that it is a topic like others.
            await self.app.producer.declare(self.app.conf.reply_to, 1)
        if not self.app.tables.codecs:
            self.app.tables.adopt(self.options.asked_store)
        if self.mirror.follow(self.app.tables.codecs) and not self.app.client_only:
            self.add_future(self._mirror())

    # -- what is read

    def expect_replies(self, topic: str) -> None:
        """Note that a topic carries replies to this process alone."""
        self._reply_topics.add(topic)

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Read these topics (called by the conductor)."""
        names = set(topics)
        for topic in sorted(names & self._reply_topics - set(self.replies)):
            if not topic.startswith(self.app.conf.reply_to_prefix):
                await self.app.producer.declare(topic, 1)
            self._read_replies(topic)
        fresh = [
            await source_of(self.app, self.options, topic)
            for topic in sorted(names - self._reply_topics - set(self._sources))
        ]
        if sum(source.batches for source in [*self._sources.values(), *fresh]) > 1:
            message = "an app reads one batch topic at most; make the others ordinary topics"
            await self.crash(UnsupportedError(message))
            return
        first = not self._assigned
        self._assigned = True
        for source in fresh:
            self._sources[source.topic] = source
        self._add_units(fresh)
        if self.app.client_only:
            return
        if first:
            self.add_future(self._assign())
        elif names:
            await self.app.topics.on_partitions_assigned(self.assignment())
            self.reader.wake()

    def _add_units(self, fresh: list[Source]) -> None:
        # Who reads nothing, perhaps not yet, still has a partition: its owner leads.
        least = 0 if self.app.client_only else 1
        partitions = max((source.partitions for source in fresh), default=least)
        for number in range(len(self.units), partitions):
            self.units.append(Partition(number, self.app.conf.id, self.options.keyspace))
        for unit in self.units:
            grown = unit.read(self._sources.values())
            if grown and unit.owned:
                # Its cursor names what it was taken with.
                self.add_future(self._begin_again(unit))
        if fresh:
            self.group.ring()

    def _read_replies(self, topic: str) -> None:
        """Read a topic of replies from its start; it is this process's own and needs no lease."""
        unit = Partition(0, f"replies:{topic}", self.options.keyspace)
        unit.read([Source(topic, 1, self.options.max_records, batches=False)])
        unit.take_over("replies", {topic: "0-0"}, 1, {})
        self.replies[topic] = unit
        self.app.producer.expect(topic, 1)

    async def _assign(self) -> None:
        await self.mirror.loaded.wait()
        self.app.on_rebalance_start()
        await self.on_partitions_assigned(self.assignment(), self.app.consumer_generation_id)
        self.add_future(self._join())
        self.add_future(self.group.renew())
        self.add_future(self._keep_up())

    async def _join(self) -> None:
        try:
            await self.group.run()
        except TransportError as error:
            await self.crash(error)

    async def _mirror(self) -> None:
        try:
            await self.mirror.run(lambda: self.should_stop)
        except TransportError as error:
            await self.crash(error)

    async def _keep_up(self) -> None:
        try:
            await self.upkeep.run()
        except TransportError as error:
            await self.crash(error)

    # -- owning

    async def take(self, unit: Partition) -> bool:
        """Take a partition if it is free."""
        taken = await self.owner.acquire(unit)
        if taken:
            self.reader.wake()
        return taken

    async def lose(self, unit: Partition, generation: int) -> None:
        """Throw away what is not committed and begin again at the cursor, if it is still ours."""
        if unit.generation != generation or not unit.owned:
            return
        self.log.warning("partition %d: fenced; what it has not committed is dropped", unit.number)
        self.watch.count("fenced")
        await self._begin_again(unit)

    async def _begin_again(self, unit: Partition) -> None:
        """Load a partition anew, if it is still ours; what was not committed is done again."""
        unit.drop()
        self.progress.set()
        self.mirror.forget()
        if (on_fenced := getattr(self.app, "call_fenced", None)) is not None:
            on_fenced(unit.number)
        try:
            await self.take(unit)
        except TransportError as error:
            await self.crash(error)
        self.group.ring()

    # -- reading

    @property
    def _reading(self) -> list[Partition]:
        return [*self.units, *self.replies.values()]

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        stopped = cast("Service", fetcher)._stopped  # noqa: SLF001 - as Faust does
        try:
            while not (self.should_stop or stopped.is_set() or self.failed):
                await self.app.flow_control.acquire()
                found = await self.reader.read(self._reading)
                rest_s = max((source.rest_s for source in self._sources.values()), default=0.0)
                for unit in found:
                    self.rounds.start(unit)
                    if rest_s and not self.reader.left_some:
                        unit.rest(time.monotonic(), rest_s)
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise
        except TransportError as error:
            await self.crash(error)

    def ack(self, message: Message) -> bool:
        """Note that every agent is done with a message (called by Faust)."""
        return self.rounds.ack(message)

    async def on_task_error(self, exc: BaseException) -> None:
        """Bury the record that an agent raised on, or stop for a batch (called by the app)."""
        await self.poison.raised(exc)

    # -- stopping

    async def drain(self, unit: Partition) -> None:
        """Wait until what agents have in hand of a partition is done and committed."""
        if unit.current is not None:
            self.rounds.cut(unit.current)
        while unit.busy and not self.failed:
            self.progress.clear()
            await self.progress.wait()

    async def wait_empty(self) -> None:
        """Wait until what agents have in hand is done and committed."""
        for unit in self.units:
            unit.leaving = True
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                await asyncio.gather(*(self.drain(unit) for unit in self.units))
        except TimeoutError:
            self.log.warning("stopping with records not committed; they will be read again")

    async def on_stop(self) -> None:
        """Give the partitions back (called by mode)."""
        await self.wait_empty()
        await self.group.leave()
        for topic in self.replies:
            await self.group.forget(topic)
        self.reader.close()
        self.mirror.close()
        self.control.close()

    # -- what Faust asks

    def views(self, partition: int) -> Mapping[str, Mapping[bytes, bytes]]:
        """The tables of a partition as loaded."""
        return self.units[partition].views if self.units else {}

    def all_views(self, table: str) -> list[dict[Any, Any]]:
        """A table's fields in every partition that we own."""
        return [unit.views[table] for unit in self.units if table in unit.views] or [{}]

    def assignment(self) -> set[TP]:
        """Every partition of every topic; leases decide which are read here."""
        return {feed.tp for unit in self._reading for feed in unit.feeds.values()}

    @property
    def leading(self) -> bool:
        """True while we own the first partition."""
        return bool(self.units) and self.units[0].owned

    async def position(self, tp: TP) -> int | None:
        """The offset of the last record committed."""
        for unit in self._reading:
            for feed in unit.feeds.values():
                if feed.tp == tp:
                    return pack(feed.position)
        return None

    def topic_partitions(self, topic: str) -> int | None:
        """A topic's number of partitions."""
        source = self._sources.get(topic)
        return source.partitions if source else self.options.partitions
