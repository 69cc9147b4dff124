"""Faust's consumer over Redis Streams: reads batches and commits each as soon as it is done."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

from faust.types.tuples import TP
from mode import Service

from faust_redis.checks import wait_until_fit
from faust_redis.client import Client
from faust_redis.commits import Commit, Outcome
from faust_redis.contract import NoSeeks
from faust_redis.errors import (
    CommandError,
    ServerUnavailableError,
    TransportError,
    UnsupportedError,
)
from faust_redis.message import BatchMessage
from faust_redis.ownership import Ownership
from faust_redis.partition import Partition
from faust_redis.positions import pack
from faust_redis.reader import Reader
from faust_redis.topic import BatchTopic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from faust.types.tuples import Message
    from mode.types import ServiceT

    from faust_redis.app import App
    from faust_redis.batch import Batch

_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 10.0


class Consumer(NoSeeks):
    """Owns the partitions of one batch topic for as long as it runs."""

    app: App
    mundane_level = "debug"

    def on_init(self) -> None:
        """Make what needs no event loop (called by mode)."""
        self._partitions: list[Partition] = []
        self._topic: BatchTopic | None = None
        self._ownership: Ownership | None = None
        self._failed = False
        self._progress = asyncio.Event()
        self._control = Client(self.app.address, f"{self.app.id}:control")
        self._reader = Reader(self._control, Client(self.app.address, f"{self.app.id}:read"))

    async def on_start(self) -> None:
        """Check the server before anything is trusted to it (called by mode)."""
        await super().on_start()
        await wait_until_fit(
            self._control, self.app.keyspace, self.app.partitions, _START_TIMEOUT_S
        )

    # -- taking partitions

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Take every partition of the app's one batch topic (called by the conductor)."""
        if self._topic is not None or not set(topics):
            return
        self._topic = self._batch_topic()
        name = self._topic.topics[0]
        self._partitions = [
            Partition(number, self.app.id, name, self.app.keyspace)
            for number in range(self.app.partitions)
        ]
        self._ownership = Ownership(
            self._control, self.app.lease_s, self.app.tables, self._topic.start_from
        )
        self.add_future(self._assign())

    def _batch_topic(self) -> BatchTopic:
        channels = list(self.app.topics)
        batch_topics = [channel for channel in channels if isinstance(channel, BatchTopic)]
        names = {name for channel in channels for name in channel.topics}
        if len(names) != 1 or len(batch_topics) != len(channels):
            message = (
                f"an app over Redis reads one batch topic, as its cursor holds one position; "
                f"this one reads {sorted(names)}"
            )
            raise UnsupportedError(message)
        return batch_topics[0]

    async def _assign(self) -> None:
        self.app.on_rebalance_start()
        await self.on_partitions_assigned(self.assignment(), self.app.consumer_generation_id)
        for partition in self._partitions:
            self.add_future(self._take(partition))

    async def _take(self, partition: Partition) -> None:
        try:
            await self._owner.acquire(partition)
        except TransportError as error:
            await self.crash(error)
            return
        self._reader.wake()

    async def _lose(self, partition: Partition, generation: int) -> None:
        """Throw away what is not committed and begin again at the cursor."""
        if partition.generation != generation:
            return
        self.log.warning(
            "partition %d: fenced; dropping %d batches and loading it anew",
            partition.number,
            len(partition.uncommitted),
        )
        partition.drop()
        self._progress.set()
        self.app.call_fenced(partition.number)
        await self._take(partition)

    @property
    def _owner(self) -> Ownership:
        return cast("Ownership", self._ownership)

    @Service.task
    async def _renew_leases(self) -> None:
        pause_s = self.app.lease_s / 3
        while not self.should_stop:
            connections = self._control.connections
            await self.sleep(pause_s / 4)
            reconnected = self._control.connections != connections
            for partition in self._partitions:
                due = reconnected or time.monotonic() - partition.renewed_s > pause_s
                if partition.owned and due and not partition.committing and not self.should_stop:
                    await self._renew(partition)

    async def _renew(self, partition: Partition) -> None:
        generation = partition.generation
        try:
            kept = await self._owner.renew(partition)
        except ServerUnavailableError:
            await self._control.connected()
            return
        except CommandError as error:
            self.log.warning("partition %d: its lease was not renewed: %s", partition.number, error)
            return
        if not kept and partition.generation == generation:
            self.add_future(self._lose(partition, generation))

    # -- reading

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        stopped = cast("Service", fetcher)._stopped  # noqa: SLF001 - as Faust does
        try:
            while not (self.should_stop or stopped.is_set() or self._failed):
                topic = cast("BatchTopic", self._topic)
                found = await self._reader.read(self._partitions, topic.max_records)
                for partition, entries in found:
                    batch = partition.batch(entries)
                    tp = TP(topic.topics[0], partition.number)
                    message = BatchMessage(tp, batch, self.app.consumer_generation_id)
                    await self.callback(message)
                if topic.rest_s and not any(len(e) == topic.max_records for _, e in found):
                    await self.sleep(topic.rest_s)
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise
        except TransportError as error:
            await self.crash(error)

    def begin(self, message: BatchMessage) -> bool:
        """Note that a stream hands the batch to its agent; False when it no longer counts."""
        partition = self._partitions[message.partition]
        if (
            self._failed
            or not partition.current(message.batch)
            or not self.app.flow_control.is_active()
        ):
            return False
        if not message.tracked:
            message.tracked = True
            partition.start(message.batch)
            self.track_message(message)
        return True

    # -- committing

    def ack(self, message: Message) -> bool:
        """Commit the batch at once: every agent is done with it (called by Faust)."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        batch = cast("BatchMessage", message).batch
        partition = self._partitions[batch.partition]
        if self._failed or not partition.finish(batch, time.monotonic()):
            return False
        self._commit_next(partition)
        self.app.sensors.on_message_out(message.tp, message.offset, message)
        return True

    def _commit_next(self, partition: Partition) -> None:
        batch = partition.next_to_commit()
        if batch is None:
            return
        partition.committing = True
        commit = Commit(self._control, partition, batch, self._owner.lease_ms)
        commit.send()
        self.add_future(self._settle(partition, batch, commit))

    async def _settle(self, partition: Partition, batch: Batch, commit: Commit) -> None:
        try:
            outcome = await commit.outcome()
        except TransportError as error:
            self._failed = True
            await self.crash(error)
            return
        finally:
            partition.committing = False
            self._progress.set()
        if not partition.current(batch):
            return
        if outcome is Outcome.FENCED:
            await self._lose(partition, batch.generation)
            return
        wanted = partition.wants_records
        partition.committed(batch)
        partition.renewed_s = now_s = time.monotonic()
        self._commit_next(partition)
        if not wanted and partition.wants_records:
            self._reader.wake()
        self.app.call_committed(batch, now_s - batch.finished_s)

    async def on_task_error(self, exc: BaseException) -> None:
        """Stop committing: an agent failed on a whole batch (called by the app)."""
        self.log.error("an agent failed; nothing of its batch is committed: %r", exc)
        self._failed = True
        self._progress.set()

    # -- stopping

    async def wait_empty(self) -> None:
        """Wait until the batches in agents' hands are done and committed."""
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                while any(self._unfinished(partition) for partition in self._partitions):
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError:
            self.log.warning("stopping with batches not committed; they will be read again")

    def _unfinished(self, partition: Partition) -> bool:
        if self._failed:
            return partition.committing
        return partition.busy

    async def on_stop(self) -> None:
        """Give the partitions back (called by mode)."""
        await self.wait_empty()
        taken = [partition for partition in self._partitions if partition.last_token]
        await asyncio.gather(*(self._owner.release(partition) for partition in taken))
        self._reader.close()
        self._control.close()

    # -- what Faust asks

    def views(self, partition: int) -> Mapping[str, Mapping[bytes, bytes]]:
        """The tables of a partition as loaded."""
        return self._partitions[partition].views if self._partitions else {}

    def assignment(self) -> set[TP]:
        """Every partition of the topic; leases decide which are read."""
        if self._topic is None:
            return set()
        return {TP(self._topic.topics[0], partition.number) for partition in self._partitions}

    @property
    def leading(self) -> bool:
        """True while we own the first partition."""
        return bool(self._partitions) and self._partitions[0].owned

    async def position(self, tp: TP) -> int | None:
        """The offset of the last record committed."""
        return pack(self._partitions[tp.partition].position) if self._partitions else None

    def topic_partitions(self, topic: str) -> int | None:
        """The number of partitions, which all topics share."""
        del topic
        return self.app.partitions
