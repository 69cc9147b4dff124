"""Faust's producer: what an agent sends goes with its round's commit, all else goes at once."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from faust.exceptions import ProducerSendError
from faust.transport.producer import Producer as FaustProducer
from faust.types.tuples import TP, RecordMetadata

from faust_redis import scripts
from faust_redis.checks import verify_topic
from faust_redis.client import TRANSIENT, Client
from faust_redis.errors import (
    CommandError,
    ServerUnavailableError,
    TransportError,
)
from faust_redis.partitioner import no_partition, partition_of
from faust_redis.positions import pack
from faust_redis.store import round_in_hand

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from faust.types.core import HeadersArg
    from faust.types.tuples import FutureMessage

    from faust_redis.connection import Argument
    from faust_redis.options import Options
    from faust_redis.round import Round

_GIVE_UP_S = 30.0
_PAUSE_S = 0.1
_REMEMBERED_MS = 3_600_000
_MOST_AT_ONCE = 256
_REPLY_TO = "Faust-Ag-ReplyTo"

_Waiting = list[tuple[list["Argument"], "asyncio.Future[RecordMetadata]"]]


class Producer(FaustProducer):
    """Sends to streams; a send whose reply was lost is asked again and appends nothing twice."""

    mundane_level = "debug"

    def on_init(self) -> None:
        """Make what needs no event loop (called by mode)."""
        options: Options = self.transport.options
        self._keyspace = options.keyspace
        self._default_partitions = options.partitions
        self._client = Client(options.address, f"{self.app.conf.id}:send")
        self._name = uuid4().hex
        self._number = 0
        self._partitions: dict[str, int] = {}
        self._unplaced: deque[tuple[Round, str, FutureMessage]] = deque()
        self._waiting: dict[tuple[str, int], _Waiting] = {}
        self._sending: set[tuple[str, int]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    # -- partitions

    @property
    def declared(self) -> Mapping[str, int]:
        """What is known of topics' numbers of partitions; replies to this process are its own."""
        prefix = self.app.conf.reply_to_prefix
        return {t: n for t, n in self._partitions.items() if not t.startswith(prefix)}

    def expect(self, topic: str, partitions: int) -> None:
        """Note a topic's number of partitions."""
        self._partitions[topic] = partitions

    async def declare(self, topic: str, partitions: int) -> int:
        """Put a topic's number of partitions on record, or find the same there.

        Raises:
            PartitionCountError: When another number is on record.
        """
        on_record = await self._on_record(topic, partitions)
        verify_topic(topic, partitions, on_record)
        self._partitions[topic] = partitions
        return partitions

    async def create_topic(
        self,
        topic: str,
        partitions: int,
        replication: int,
        **options: Any,  # noqa: ANN401
    ) -> None:
        """Put a topic's number of partitions on record; a stream is made by its first entry."""
        del replication, options
        if topic not in self._partitions:
            await self.declare(topic, partitions)

    async def _partition_count(self, topic: str, wanted: int | None = None) -> int:
        """A topic's number of partitions; what is assumed of an unknown one is put on record."""
        known = self._partitions.get(topic)
        if known is None and topic.startswith(self.app.conf.reply_to_prefix):
            # Replies to one process lie in one stream, which only that process reads.
            return 1
        if known is None:
            known = self._partitions[topic] = await self._on_record(topic, wanted)
        return known

    async def _on_record(self, topic: str, wanted: int | None) -> int:
        script, keyspace = scripts.DECLARE, self._keyspace
        words: list[Argument] = [
            2, keyspace.topics, keyspace.partitions, topic, wanted or "", self._default_partitions,
        ]  # fmt: skip
        try:
            return int(await self._client.ask("EVALSHA", script.sha, *words))
        except CommandError as error:
            if error.code != "NOSCRIPT":
                raise
        return int(await self._client.ask("EVAL", script.text, *words))

    def _choose(self, key: bytes | None, count: int) -> int:
        if key is None:
            return random.randrange(count)  # noqa: S311 - spreading, no secret
        return partition_of(key, count, self.partitioner)

    def _place(self, topic: str, key: bytes | None, partition: int | None, count: int) -> int:
        """The partition asked for, or the key's.

        Raises:
            PartitionCountError: When the topic has no such partition.
        """
        if partition is None:
            return self._choose(key, count)
        if not 0 <= partition < count:
            raise no_partition(topic, partition, count)
        return partition

    def key_partition(self, topic: str, key: bytes | None) -> TP:
        """The partition of a key: its CRC-32, or what ``producer_partitioner`` says."""
        count = self._partitions.get(topic, self._default_partitions)
        return TP(topic, self._choose(key, count))

    # -- sending

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: HeadersArg | None,
        *,
        transactional_id: str | None = None,
    ) -> Awaitable[RecordMetadata]:
        """Send with the commit of the record in hand, or at once when there is none."""
        del transactional_id
        count = self._partitions.get(topic)
        if count is None:
            count = await self._partition_count(topic)
        partition = self._place(topic, key, partition, count)
        words = _words(key, value, timestamp, headers)
        round_ = round_in_hand()
        if round_ is None or round_.sealed or self._awaited(round_, topic, headers):
            return self._enqueue(topic, partition, words)
        if not round_.void:
            round_.write.send(partition, topic, words)
        sent: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        # Its position is given by the commit; whoever awaits it here must not hold that up.
        sent.set_result(RecordMetadata(topic, partition, TP(topic, partition), -1))
        return sent

    def _awaited(self, round_: Round, topic: str, headers: Any) -> bool:  # noqa: ANN401
        """True for a question that this process asks and waits for: it cannot wait for a commit.

        Nor can answers, once agents here ask: the round may hold a record that waits for them.
        """
        rounds = self.app.consumer.rounds
        if rounds.asked and topic.startswith(self.app.conf.reply_to_prefix):
            return not round_.void
        reply_to = headers.get(_REPLY_TO) if isinstance(headers, dict) else None
        if reply_to is None or reply_to.decode() != self.app.conf.reply_to:
            return False
        rounds.asked = True
        return True

    async def send_and_wait(self, *args: Any, **options: Any) -> RecordMetadata:  # noqa: ANN401
        """Send and wait for the position, which is -1 when it comes with a commit."""
        return await (await self.send(*args, **options))

    def send_soon(self, fut: FutureMessage) -> None:
        """Send from code that cannot wait: with the commit of the record in hand, as ``send``."""
        round_ = round_in_hand()
        if round_ is None or round_.sealed:
            self.buffer.put(fut)
            return
        topic = fut.message.channel.get_topic_name()
        count = self._partitions.get(topic)
        if round_.void or (count is not None and not self._unplaced):
            self._send_with(round_, topic, count or 1, fut)
            return
        # The round waits for the number on record, so that what is sent is part of it still.
        self._unplaced.append((round_, topic, fut))
        self.app.consumer.rounds.hold(round_)
        if len(self._unplaced) == 1:
            self.app.consumer.add_future(self._place_all())

    def _send_with(self, round_: Round, topic: str, count: int, fut: FutureMessage) -> None:
        message, partition = fut.message, 0
        if not round_.void:
            partition = self._place(topic, message.key, message.partition, count)
            words = _words(message.key, message.value, message.timestamp, message.headers)
            round_.write.send(partition, topic, words)
        fut.set_result(RecordMetadata(topic, partition, TP(topic, partition), -1))

    async def _place_all(self) -> None:
        """Give their rounds what agents sent while a topic was not known yet, in order."""
        consumer = self.app.consumer
        try:
            while self._unplaced:
                round_, topic, fut = self._unplaced[0]
                wanted = getattr(fut.message.channel, "partitions", None)
                count = await self._partition_count(topic, wanted)
                self._unplaced.popleft()
                self._send_with(round_, topic, count, fut)
                consumer.rounds.release(round_)
        except TransportError as error:
            await consumer.crash(error)

    def _enqueue(
        self, topic: str, partition: int, words: list[Argument]
    ) -> asyncio.Future[RecordMetadata]:
        sent: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        place = (topic, partition)
        self._waiting.setdefault(place, []).append((words, sent))
        if place not in self._sending:
            self._sending.add(place)
            task = asyncio.get_running_loop().create_task(self._drain(place))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return sent

    async def _drain(self, place: tuple[str, int]) -> None:
        """Send what waits for one stream, one script after the other, so that order is kept."""
        try:
            # So that what one tick sends goes in one script.
            await asyncio.sleep(0)
            while waiting := self._waiting.get(place):
                now, self._waiting[place] = waiting[:_MOST_AT_ONCE], waiting[_MOST_AT_ONCE:]
                await self._send(place, now)
        finally:
            self._sending.discard(place)

    async def _send(self, place: tuple[str, int], waiting: _Waiting) -> None:
        topic, partition = place
        try:
            positions = await self._append(topic, partition, [words for words, _ in waiting])
        except TransportError as error:
            for _, sent in waiting:
                if not sent.done():
                    sent.set_exception(ProducerSendError(str(error)))
            return
        for (_, sent), position in zip(waiting, positions, strict=True):
            if not sent.done():
                tp = TP(topic, partition)
                sent.set_result(RecordMetadata(topic, partition, tp, pack(position.decode())))

    async def _append(
        self, topic: str, partition: int, entries: list[list[Argument]]
    ) -> list[bytes]:
        self._number += 1
        keyspace = self._keyspace
        keys = [keyspace.of(partition, topic), keyspace.sender(partition, topic, self._name)]
        args: list[Argument] = [self._number, _REMEMBERED_MS, len(entries)]
        for words in entries:
            args.append(len(words))
            args += words
        give_up_s = time.monotonic() + _GIVE_UP_S
        while True:
            try:
                return list(await self._client.run(scripts.SEND, keys, args))
            except (ServerUnavailableError, CommandError) as error:
                hopeless = isinstance(error, CommandError) and error.code not in _LATER
                if hopeless or time.monotonic() > give_up_s:
                    raise
            await asyncio.sleep(_PAUSE_S)

    async def flush(self) -> None:
        """Wait until all that was sent so far has arrived."""
        if self.buffer.started and not self.buffer.should_stop:
            await self.buffer.flush()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def on_stop(self) -> None:
        """Flush and close (called by mode)."""
        await self.flush()
        self._client.close()

    # -- transactions are the commits of rounds

    async def begin_transaction(self, transactional_id: str) -> None:
        """Nothing to do: a round's commit is its transaction."""

    async def commit_transaction(self, transactional_id: str) -> None:
        """Nothing to do: a round's commit is its transaction."""

    async def abort_transaction(self, transactional_id: str) -> None:
        """Nothing to do: a round's commit is its transaction."""

    async def stop_transaction(self, transactional_id: str) -> None:
        """Nothing to do: a round's commit is its transaction."""

    async def maybe_begin_transaction(self, transactional_id: str) -> None:
        """Nothing to do: a round's commit is its transaction."""

    async def commit_transactions(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Nothing to do: a round's commit is its transaction."""

    def supports_headers(self) -> bool:
        """Headers are fields of the entry."""
        return True


_LATER = TRANSIENT | {"OOM"}


def _words(
    key: bytes | None,
    value: bytes | None,
    timestamp: float | None,
    headers: Any,  # noqa: ANN401
) -> list[Argument]:
    """An entry's fields and values."""
    words: list[Argument] = [] if value is None else ["e", _bytes(value)]
    if key is not None:
        words += ("k", _bytes(key))
    if timestamp is not None:
        words += ("t", repr(timestamp))
    if headers:
        pairs = headers.items() if hasattr(headers, "items") else headers
        words += chain.from_iterable((f"h:{name}", _bytes(word)) for name, word in pairs)
    # An entry has a field at least; a record of nothing is one too.
    return words or ["z", ""]


def _bytes(word: Any) -> bytes:  # noqa: ANN401 - keys of forwarded events may be anything
    return word if isinstance(word, bytes) else str(word).encode()
