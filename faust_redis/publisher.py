"""Publishing records, from blocking code and from asyncio code: both say the same to the server."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Self, cast

from faust_redis.address import parse
from faust_redis.blocking import BlockingConnection
from faust_redis.client import TRANSIENT, Client
from faust_redis.dialogue import Dialogue, Publishing
from faust_redis.errors import CommandError, ServerUnavailableError
from faust_redis.journal import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faust_redis.journal import Journal

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
        )

    def _may_ask_again(self, error: Exception, give_up_s: float) -> bool:
        # Every request of these dialogues may be carried out twice, so a lost reply is asked again.
        later = isinstance(error, ServerUnavailableError) or (
            isinstance(error, CommandError) and error.code in TRANSIENT
        )
        return later and time.monotonic() < give_up_s

    def _resend(self, journal: Journal) -> Dialogue:
        """Publish again what the server has lost of a journal; how many were published."""
        newest = {entry.partition: entry for entry in journal}
        sent = 0
        for partition, last in newest.items():
            if (yield from self._publishing.holds(partition, last.position, last.value)):
                continue
            items = [(e.key, e.value) for e in journal if e.partition == partition]
            yield from self._publishing.publish(partition, items)
            sent += len(items)
        return sent


def _entries(
    partition: int, items: Sequence[tuple[bytes, bytes]], positions: Sequence[str]
) -> list[Entry]:
    """What a journal keeps of a publication."""
    return [
        Entry(partition, key, value, position)
        for (key, value), position in zip(items, positions, strict=True)
    ]


class Publisher(_Settings):
    """Publishes to one topic; not for use by several threads at once.

    With *app*, records are held back while that app is more than *max_lag* records behind.
    """

    def __init__(self, url: str, namespace: str, topic: str = "events", **settings: Any) -> None:  # noqa: ANN401
        super().__init__(url, namespace, topic, **settings)
        self._connection = BlockingConnection(self._address)

    def publish(self, partition: int, items: Sequence[tuple[bytes, bytes]]) -> list[str]:
        """Append (idempotence key, value) items; an item whose key was seen keeps its position.

        With a *journal* they are on disk when this returns, and what a server that went back in
        time has lost is published again first.

        Raises:
            BackPressureError: When records are held back; nothing more of *items* was appended.
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

    def _publish(self, partition: int, items: Sequence[tuple[bytes, bytes]]) -> list[str]:
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

    async def publish(self, partition: int, items: Sequence[tuple[bytes, bytes]]) -> list[str]:
        """Append (idempotence key, value) items; an item whose key was seen keeps its position.

        With a *journal* they are on disk when this returns, and what a server that went back in
        time has lost is published again first.

        Raises:
            BackPressureError: When records are held back; nothing more of *items* was appended.
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
