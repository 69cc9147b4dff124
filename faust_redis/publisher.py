"""Publishing records, from blocking code and from asyncio code: both say the same to the server."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Self, cast

from faust_redis.address import parse
from faust_redis.blocking import BlockingConnection
from faust_redis.client import TRANSIENT, Client
from faust_redis.dialogue import Dialogue, Item, Publishing
from faust_redis.errors import CommandError, ServerUnavailableError
from faust_redis.journal import Entry
from faust_redis.positions import pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faust_redis.journal import Journal
    from faust_redis.partitioner import Partitioner

_RETRY_PAUSE_S = 0.1


class _Settings:
    """What both flavours share: the dialogues and how long to ask again."""

    def __init__(
        self,
        url: str,
        namespace: str,
        topic: str = "events",
        *,
        app: str | None = None,
        max_lag: int = 50_000,
        remembered: int = 200_000,
        partitions: int | None = None,
        retry_s: float = 30.0,
        journal: Journal | None = None,
        partitioner: Partitioner | None = None,
    ) -> None:
        self._address = parse(url)
        self._journal = journal
        self._seen_open = -1
        self._retry_s = retry_s
        self._publishing = Publishing(
            namespace,
            topic,
            app=app,
            max_lag=max_lag,
            remembered=remembered,
            partitions=partitions,
            partitioner=partitioner,
        )

    def _may_ask_again(self, error: Exception, give_up_s: float) -> bool:
        # Every request of these dialogues may be carried out twice, so a lost reply is asked again.
        later = isinstance(error, ServerUnavailableError) or (
            isinstance(error, CommandError) and error.code in TRANSIENT
        )
        return later and time.monotonic() < give_up_s

    def _resend(self, journal: Journal) -> Dialogue:
        """Publish again what the server has lost of a journal; how many were published."""
        by_partition: dict[int, dict[str, Entry]] = {}
        for entry in journal:
            by_partition.setdefault(entry.partition, {})[entry.position] = entry
        sent, moved = 0, dict[tuple[int, str], str]()
        try:
            for partition, by_position in by_partition.items():
                entries = sorted(by_position.values(), key=lambda entry: pack(entry.position))
                lost = entries[(yield from self._held(entries)) :]
                items = [(e.key, e.value, e.record_key) for e in lost]
                positions = yield from self._publishing.publish(partition, items)
                sent += len(lost)
                moved |= {
                    (partition, entry.position): position
                    for entry, position in zip(lost, positions, strict=True)
                    if entry.position != position
                }
        finally:
            if moved:
                journal.moved(moved)
        return sent

    def _held(self, entries: Sequence[Entry]) -> Dialogue:
        """How many of a partition's entries, oldest first, are on the server still.

        A server goes back by its newest entries, so those are looked at first, in growing steps.
        """
        first, end, step = 0, len(entries), 1
        while first < end:
            # Before a step has met one that is held, steps grow; after that they halve.
            at = max(first, end - step) if step else (first + end) // 2
            entry = entries[at]
            if (yield from self._publishing.holds(entry.partition, entry.position, entry.value)):
                first, step = at + 1, 0
            else:
                end, step = at, 2 * step
        return end


def _entries(partition: int, items: Sequence[Item], positions: Sequence[str]) -> list[Entry]:
    """What a journal keeps of a publication."""
    return [
        Entry(partition, item[0], item[1], position, *item[2:])
        for item, position in zip(items, positions, strict=True)
    ]


class Publisher(_Settings):
    """Publishes to one topic; not for use by several threads at once.

    With *app*, records are held back while that app is more than *max_lag* records behind.
    """

    def __init__(self, url: str, namespace: str, topic: str = "events", **settings: Any) -> None:  # noqa: ANN401
        super().__init__(url, namespace, topic, **settings)
        self._connection = BlockingConnection(self._address)

    def publish(self, partition: int, items: Sequence[Item]) -> list[str]:
        """Append (idempotence key, value) items; an item whose key was seen keeps its position.

        A third word of an item is the record's own key, by which :meth:`partition_for` spreads.
        With a *journal* they are on disk when this returns, and what a server that went back in
        time has lost is published again first.

        Raises:
            BackPressureError: When records are held back; nothing more of *items* was appended.
            PartitionCountError: When the topic has no such partition; nothing was appended.
            ServerUnavailableError: When the server was away too long; publishing again is safe.
        """
        if self._journal is None:
            return self._publish(partition, items)
        # So that a connection lost since the last call is noticed before this one's records.
        self._say(self._publishing.hello())
        if self._connection.opened != self._seen_open:
            self.resend()
        positions = self._publish(partition, items)
        self._journal.append(_entries(partition, items, positions))
        return positions

    def _publish(self, partition: int, items: Sequence[Item]) -> list[str]:
        return cast("list[str]", self._say(self._publishing.publish(partition, items)))

    def resend(self) -> int:
        """Publish the journal again if the server has lost some of it; how many were published.

        What the server still knows keeps its position, so doing it too often does no harm.
        """
        if self._journal is None:
            return 0
        sent = cast("int", self._say(self._resend(self._journal)))
        self._seen_open = self._connection.opened
        return sent

    def committed(self, app: str, partition: int) -> str:
        """The position an app has committed in a partition, ``0-0`` at first."""
        return cast("str", self._say(self._publishing.committed(app, partition)))

    def wait_committed(
        self, app: str, partition: int, position: str, timeout_s: float = 10.0
    ) -> None:
        """Return once an app has committed a position.

        Raises:
            CommitTimeoutError: When it has not in time.
        """
        self._say(self._publishing.wait_committed(app, partition, position, timeout_s))

    def lag(self, app: str, partition: int | None = None) -> int:
        """Records that an app has not committed yet, in one partition or in all."""
        return cast("int", self._say(self._publishing.lag(app, partition)))

    def assign(self, name: str) -> int:
        """The partition of a pool: the one on record, else the least loaded one from now on."""
        return cast("int", self._say(self._publishing.assign(name)))

    def partition_for(self, key: bytes) -> int:
        """The partition that Faust's producers send a key to: CRC-32, or your *partitioner*.

        Raises:
            PartitionCountError: When there is no number of partitions on record yet.
        """
        return cast("int", self._say(self._publishing.partition_for(key)))

    def _say(self, dialogue: Dialogue) -> Any:  # noqa: ANN401
        give_up_s = time.monotonic() + self._retry_s
        try:
            said = next(dialogue)
            while True:
                if isinstance(said, float):
                    time.sleep(said)
                    said = dialogue.send(None)
                    continue
                try:
                    reply = self._connection.execute(*said)
                except (CommandError, ServerUnavailableError) as error:
                    if self._may_ask_again(error, give_up_s):
                        time.sleep(_RETRY_PAUSE_S)
                        continue
                    said = dialogue.throw(error)
                else:
                    said = dialogue.send(reply)
        except StopIteration as end:
            return end.value

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class AsyncPublisher(_Settings):
    """:class:`Publisher` for asyncio; several tasks may use it at once."""

    def __init__(self, url: str, namespace: str, topic: str = "events", **settings: Any) -> None:  # noqa: ANN401
        super().__init__(url, namespace, topic, **settings)
        self._client = Client(self._address, "publisher")
        self._resending = asyncio.Lock()

    async def publish(self, partition: int, items: Sequence[Item]) -> list[str]:
        """Append (idempotence key, value) items; an item whose key was seen keeps its position.

        A third word of an item is the record's own key, by which :meth:`partition_for` spreads.
        With a *journal* they are on disk when this returns, and what a server that went back in
        time has lost is published again first.

        Raises:
            BackPressureError: When records are held back; nothing more of *items* was appended.
            PartitionCountError: When the topic has no such partition; nothing was appended.
            ServerUnavailableError: When the server was away too long; publishing again is safe.
        """
        journal = self._journal
        if journal is not None:
            await self._say(self._publishing.hello())
            async with self._resending:
                if self._client.connections != self._seen_open:
                    await self._resend_now(journal)
        positions = cast("list[str]", await self._say(self._publishing.publish(partition, items)))
        if journal is not None:
            # Waiting for the disk must not hold up the loop; one at a time, as files are.
            async with self._resending:
                await asyncio.to_thread(journal.append, _entries(partition, items, positions))
        return positions

    async def resend(self) -> int:
        """Publish the journal again if the server has lost some of it; how many were published.

        What the server still knows keeps its position, so doing it too often does no harm.
        """
        if self._journal is None:
            return 0
        async with self._resending:
            return await self._resend_now(self._journal)

    async def _resend_now(self, journal: Journal) -> int:
        sent = cast("int", await self._say(self._resend(journal)))
        self._seen_open = self._client.connections
        return sent

    async def committed(self, app: str, partition: int) -> str:
        """The position an app has committed in a partition, ``0-0`` at first."""
        return cast("str", await self._say(self._publishing.committed(app, partition)))

    async def wait_committed(
        self, app: str, partition: int, position: str, timeout_s: float = 10.0
    ) -> None:
        """Return once an app has committed a position.

        Raises:
            CommitTimeoutError: When it has not in time.
        """
        await self._say(self._publishing.wait_committed(app, partition, position, timeout_s))

    async def lag(self, app: str, partition: int | None = None) -> int:
        """Records that an app has not committed yet, in one partition or in all."""
        return cast("int", await self._say(self._publishing.lag(app, partition)))

    async def assign(self, name: str) -> int:
        """The partition of a pool: the one on record, else the least loaded one from now on."""
        return cast("int", await self._say(self._publishing.assign(name)))

    async def partition_for(self, key: bytes) -> int:
        """The partition that Faust's producers send a key to: CRC-32, or your *partitioner*.

        Raises:
            PartitionCountError: When there is no number of partitions on record yet.
        """
        return cast("int", await self._say(self._publishing.partition_for(key)))

    async def _say(self, dialogue: Dialogue) -> Any:  # noqa: ANN401
        give_up_s = time.monotonic() + self._retry_s
        try:
            said = next(dialogue)
            while True:
                if isinstance(said, float):
                    await asyncio.sleep(said)
                    said = dialogue.send(None)
                    continue
                try:
                    reply = await self._client.call(*said)
                except (CommandError, ServerUnavailableError) as error:
                    if self._may_ask_again(error, give_up_s):
                        await asyncio.sleep(_RETRY_PAUSE_S)
                        continue
                    said = dialogue.throw(error)
                else:
                    said = dialogue.send(reply)
        except StopIteration as end:
            return end.value

    async def aclose(self) -> None:
        """Close the connection."""
        self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()
