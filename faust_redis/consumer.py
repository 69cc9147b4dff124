"""Faust's consumer over Redis Streams: hands out rounds and commits each as soon as it is done."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, cast

from faust.streams import current_event
from faust.types.tuples import TP

from faust_redis.checks import wait_until_fit
from faust_redis.client import Client
from faust_redis.commits import Commit, Outcome
from faust_redis.contract import NoSeeks
from faust_redis.delivery import Delivery, letter_of
from faust_redis.errors import TransportError, UnsupportedError
from faust_redis.feed import Source
from faust_redis.group import Group
from faust_redis.message import StreamMessage
from faust_redis.mirror import Mirror
from faust_redis.ownership import Ownership
from faust_redis.partition import Partition
from faust_redis.positions import pack
from faust_redis.reader import Reader
from faust_redis.round import Round
from faust_redis.topic import BatchTopic
from faust_redis.transaction import MISSING, Transaction
from faust_redis.upkeep import Upkeep
from faust_redis.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from faust.types.tuples import Message
    from mode import Service
    from mode.types import ServiceT

    from faust_redis.codec import TableCodec
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
        self._delivery = Delivery()
        self.units: list[Partition] = []
        self._sources: dict[str, Source] = {}
        self._replies: dict[str, Partition] = {}
        self._reply_topics = {self.app.conf.reply_to}
        self._assigned = False
        self.failed = False
        self.progress = asyncio.Event()
        address, name = self.options.address, self.app.conf.id
        self.control = Client(address, f"{name}:control")
        self.reader = Reader(self.control, Client(address, f"{name}:read"))
        self.owner = Ownership(
            self.control, self.options.lease_s, self.app.conf.id, self.app.tables
        )
        follower = Client(address, f"{name}:global")
        self.mirror = Mirror(follower, self.options.keyspace, self.options.partitions)
        self.group = Group(self)
        self.upkeep = Upkeep(self)

    async def on_start(self) -> None:
        """Check the server before anything is trusted to it (called by mode)."""
        await super().on_start()
        await wait_until_fit(
            self.control, self.options.keyspace, self.options.partitions, _START_TIMEOUT_S
        )
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
        for topic in sorted(names & self._reply_topics - set(self._replies)):
            if not topic.startswith(self.app.conf.reply_to_prefix):
                await self.app.producer.declare(topic, 1)
            self._read_replies(topic)
        fresh = [
            await self._source(topic)
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
        if fresh:
            self._add_units(fresh)
        if self.app.client_only:
            return
        if first and names:
            self.add_future(self._assign())
        elif names:
            await self.app.topics.on_partitions_assigned(self.assignment())
            self.reader.wake()

    async def _source(self, topic: str) -> Source:
        channels = [channel for channel in self.app.topics if topic in channel.topics]
        batch_topics = [channel for channel in channels if isinstance(channel, BatchTopic)]
        if batch_topics and len(batch_topics) != len(channels):
            message = f"topic {topic!r} is read in batches and by record; choose one for an app"
            raise UnsupportedError(message)
        if batch_topics:
            (channel, *_) = batch_topics
            return Source(
                topic,
                self.options.partitions,
                channel.max_records,
                batches=True,
                start_from=channel.start_from,
                rest_s=channel.rest_s,
            )
        wanted = next((c.partitions for c in channels if c.partitions), self.options.partitions)
        partitions = await self.app.producer.declare(topic, wanted)
        return Source(topic, partitions, self.options.max_records, batches=False)

    def _add_units(self, fresh: list[Source]) -> None:
        for number in range(len(self.units), max(source.partitions for source in fresh)):
            self.units.append(Partition(number, self.app.conf.id, self.options.keyspace))
        for unit in self.units:
            unit.read(self._sources.values())
            if unit.owned:
                self.add_future(self.lose(unit, unit.generation))

    def _read_replies(self, topic: str) -> None:
        """Read a topic of replies from its start; it is this process's own and needs no lease."""
        unit = Partition(0, f"replies:{topic}", self.options.keyspace)
        unit.read([Source(topic, 1, self.options.max_records, batches=False)])
        unit.take_over("replies", {topic: "0-0"}, 1, {})
        self._replies[topic] = unit
        self.app.producer.expect(topic, 1)

    async def _assign(self) -> None:
        await self.mirror.loaded.wait()
        self.app.on_rebalance_start()
        await self.on_partitions_assigned(self.assignment(), self.app.consumer_generation_id)
        if self._sources:
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
        unit.drop()
        self.progress.set()
        self.watch.count("fenced")
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
        return [*self.units, *self._replies.values()]

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        stopped = cast("Service", fetcher)._stopped  # noqa: SLF001 - as Faust does
        try:
            while not (self.should_stop or stopped.is_set() or self.failed):
                await self.app.flow_control.acquire()
                found = await self.reader.read(self._reading)
                for unit in found:
                    self.start_round(unit)
                rest_s = max((source.rest_s for source in self._sources.values()), default=0.0)
                if found and rest_s and not self.reader.left_some:
                    await self.sleep(rest_s)
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise
        except TransportError as error:
            await self.crash(error)

    def start_round(self, unit: Partition) -> None:
        """Hand out what waits, if the partition is ours and its agents have nothing in hand."""
        while unit.wants_round and not self.failed and self.app.flow_control.is_active():
            if unit.one_by_one and unit.first_waiting() and not self._tried(unit):
                return
            round_ = unit.next_round(self.app.consumer_generation_id)
            if round_ is None:
                return
            self._delivery.deliver(round_, self.app.topics._tp_index)  # noqa: SLF001 - the conductor's
            if round_.pending > 0:
                return
            self._finish(round_)

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
            self.add_future(self._try(unit, trying, unit.generation))
        return False

    async def _try(self, unit: Partition, trying: str, generation: int) -> None:
        try:
            kept = await self.owner.renew(unit, trying)
        except TransportError as error:
            self.log.warning("partition %d: %s", unit.number, error)
            await asyncio.sleep(0.1)
            kept = True
        else:
            if kept and unit.generation == generation:
                unit.tried = trying
        if not kept:
            await self.lose(unit, generation)
            return
        self.start_round(unit)

    def begin(self, message: Message) -> bool:
        """Note that a stream hands the message to its agent; False when it no longer counts."""
        if not isinstance(message, StreamMessage):
            return True
        round_ = message.round
        if round_ is None or round_.void or message.acked or self.failed:
            return False
        if not message.tracked:
            if not self.app.flow_control.is_active():
                return False
            if (
                round_.open
                and len(round_.messages) > 1
                and round_.overdue()
                and round_.pending < len(round_.messages)
            ):
                self.cut(round_)
            if message.round is None or not (round_.open or round_.letters):
                return False
            message.tracked = True
            self._on_message_in(message.tp, message.offset, message)
        return True

    def cut(self, round_: Round) -> None:
        """Let a round end with what agents have in hand now."""
        round_.cut()
        if round_.pending == 0 and round_.live:
            self._finish(round_)

    # -- committing

    def ack(self, message: Message) -> bool:
        """Note that every agent is done with a message (called by Faust)."""
        if message.acked:
            return False
        message.acked = True
        round_ = cast("StreamMessage", message).round
        if round_ is None or round_.void or self.failed:
            self.progress.set()
            return False
        round_.pending -= 1
        if round_.pending == 0:
            self._finish(round_)
        self.app.sensors.on_message_out(message.tp, message.offset, message)
        return True

    def _finish(self, round_: Round) -> None:
        unit = round_.unit
        if unit in self._replies.values():
            unit.current = None
            self.start_round(unit)
            return
        round_.finished_s = time.monotonic()
        unit.current, unit.finished = None, round_
        self._commit_next(unit)

    def _commit_next(self, unit: Partition) -> None:
        round_ = unit.finished
        if round_ is None or unit.committing is not None:
            return
        try:
            commit = Commit(self.control, unit, round_, self.owner.lease_ms)
        except Exception as error:  # noqa: BLE001 - a value that has no bytes
            self.failed = True
            self.add_future(self.crash(error))
            return
        unit.finished, unit.committing = None, round_
        state = self.app.sensors.on_commit_initiated(self)
        first = commit.send()

        def replied(reply: asyncio.Future[bytes]) -> None:
            # A task for each commit would cost as much as the rest of it.
            if reply.cancelled() or reply.exception() is not None or reply.result() != b"OK":
                self.add_future(self._find_out(unit, round_, commit, state))
                return
            try:
                self._settle(unit, round_, state)
            except Exception as error:  # noqa: BLE001 - whoever is told of a commit may raise
                self.add_future(self.crash(error))

        if first is not None:
            first.add_done_callback(replied)
        else:
            self.add_future(self._find_out(unit, round_, commit, state))
        # The next round is worked on while this one is on its way.
        self.start_round(unit)

    async def _find_out(self, unit: Partition, round_: Round, commit: Commit, state: Any) -> None:  # noqa: ANN401
        """Settle a commit whose reply was not simply that it is done."""
        try:
            outcome = await commit.outcome()
        except TransportError as error:
            self.failed = True
            self._end_commit(unit, round_)
            await self.crash(error)
            return
        if outcome is Outcome.COMMITTED:
            self._settle(unit, round_, state)
            return
        self._end_commit(unit, round_)
        if unit.current_round(round_):
            await self.lose(unit, round_.generation)

    def _end_commit(self, unit: Partition, round_: Round) -> None:
        if unit.committing is round_:
            unit.committing = None
        self.progress.set()

    def _settle(self, unit: Partition, round_: Round, state: Any) -> None:  # noqa: ANN401
        self._end_commit(unit, round_)
        if not unit.current_round(round_):
            return
        unit.committed(round_)
        unit.renewed_s = now_s = time.monotonic()
        self._commit_next(unit)
        self.start_round(unit)
        self.reader.wake_for(unit)
        self.app.sensors.on_commit_completed(self, state)
        self._tell(round_, now_s - round_.finished_s)

    def _tell(self, round_: Round, seconds: float) -> None:
        self.watch.counts["commits"] += 1
        self.watch.counts["records"] += round_.count
        if round_.letters:
            self.watch.count("dead", None, round_.letters)
        if self.watch.listeners:
            self.watch.tell("commit_s", TP("", round_.partition), seconds)
        if round_.count and (on_commit := getattr(self.app, "call_committed", None)) is not None:
            on_commit(round_.batch or round_, seconds)

    # -- records that raise

    async def on_task_error(self, exc: BaseException) -> None:
        """Bury the record that an agent raised on, or stop for a batch (called by the app)."""
        event = current_event()
        message = event.message if event is not None else None
        if not isinstance(message, StreamMessage):
            self.log.error("an agent failed with no record in hand: %r", exc)
            return
        await self.fail(message, exc)

    async def fail(self, message: Message, error: BaseException) -> None:
        """Set a record aside and hand out the others of its round anew."""
        if not isinstance(message, StreamMessage):
            raise error
        round_ = message.round
        if round_ is None or not round_.live or message.acked:
            return
        if message.batch is not None:
            self.log.error("an agent failed; nothing of its batch is committed: %r", error)
            self.failed = True
            self.progress.set()
            await self.app.crash(error)
            return
        self.log.error("%s: %s is set aside: %r", message.topic, message.position, error)
        unit = round_.unit
        unit.letters[message.topic, message.entry[0]] = letter_of("raised", error, 1)
        round_.take_back()
        unit.current = None
        self.start_round(unit)

    def expire(self, codec: TableCodec, key: object) -> None:
        """Delete a field whose window is over, by a commit of its own."""
        for unit in self.units:
            if key in unit.views.get(codec.name, {}) and unit.owned:
                write = Transaction(
                    self.options.keyspace, self.app.conf.id, unit.number, unit.views
                )
                self.add_future(self._housekeep(unit, write, codec, key))

    async def _housekeep(
        self, unit: Partition, write: Transaction, codec: TableCodec, key: object
    ) -> None:
        # Between two rounds, so that no record in hand sees half of it.
        while unit.current or unit.finished or unit.committing:
            self.progress.clear()
            await self.progress.wait()
        if not unit.owned or key not in unit.views.get(codec.name, {}):
            return
        write.put_object(codec, key, MISSING)
        round_ = Round(unit, write)
        unit.finished = round_
        self._commit_next(unit)

    # -- stopping

    async def drain(self, unit: Partition) -> None:
        """Wait until what agents have in hand of a partition is done and committed."""
        if unit.current is not None:
            self.cut(unit.current)
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
        for topic in self._replies:
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
