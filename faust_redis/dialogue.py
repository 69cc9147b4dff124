"""What a publisher says to the server, written once for blocking and for asyncio callers.

Each dialogue is a generator: it yields a request as a tuple or a pause in seconds as a float, is
sent the reply, and returns its result. An error reply is thrown into it.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import Any, Final

from faust_redis import scripts
from faust_redis.checks import verify_partitions
from faust_redis.connection import Argument
from faust_redis.errors import (
    BackPressureError,
    CommandError,
    CommitTimeoutError,
    PartitionCountError,
)
from faust_redis.keys import Keyspace
from faust_redis.partitioner import Partitioner, no_partition, partition_of
from faust_redis.positions import START, pack

Request = tuple[Argument, ...]
Dialogue = Generator[Request | float, Any, Any]
Item = tuple[bytes, bytes] | tuple[bytes, bytes, bytes | None]
"""What is published: an idempotence key, a value, and the record's own key, if it has one."""

MOST_ITEMS = 512
"""Items that one script takes."""

_KEYED: Final = 3
_MEMORY_SHARE = 0.7
_MEMORY_EVERY_S = 0.25
_FIRST_POLL_S, _LONGEST_POLL_S = 0.001, 0.02


def run_script(script: scripts.Script, keys: Sequence[str], args: Sequence[Argument]) -> Dialogue:
    """The reply of a script, whose text is sent only when the server does not know it."""
    try:
        return (yield ("EVALSHA", script.sha, len(keys), *keys, *args))
    except CommandError as error:
        if error.code != "NOSCRIPT":
            raise
    return (yield ("EVAL", script.text, len(keys), *keys, *args))


class Publishing:
    """The dialogues of one topic in one namespace."""

    def __init__(
        self,
        namespace: str,
        topic: str,
        *,
        app: str | None,
        max_lag: int,
        remembered: int,
        partitions: int | None,
        partitioner: Partitioner | None,
    ) -> None:
        self._keyspace = Keyspace(namespace)
        self._topic = topic
        self._app = app
        self._max_lag = max_lag if app else 0
        self._remembered = remembered
        self._partitions = partitions
        self._partitioner = partitioner
        self._count: int | None = None
        self._assigned: dict[str, int] = {}
        self._memory_checked_s = float("-inf")

    def publish(self, partition: int, items: Sequence[Item]) -> Dialogue:
        """Append what was not seen before; the position of every item."""
        if not items:
            return []
        yield from self._check_memory()
        yield from self._check_partition(partition)
        positions: list[str] = []
        for start in range(0, len(items), MOST_ITEMS):
            positions += yield from self._publish(partition, items[start : start + MOST_ITEMS])
        return positions

    def _publish(self, partition: int, items: Sequence[Item]) -> Dialogue:
        keys = [self._stream(partition), *self._keyspace.seen(partition, self._topic)]
        if self._max_lag:
            keys.append(self._keyspace.cursor(partition, self._app or ""))
        args: list[Argument] = [len(items), self._max_lag, self._remembered, f":{self._topic}"]
        args += [item[0] for item in items]
        args += [item[1] for item in items]
        if any(len(item) == _KEYED for item in items):
            args += [_record_key(item) for item in items]
        try:
            reply = yield from run_script(scripts.PUBLISH, keys, args)
        except CommandError as error:
            if error.code != "OOM":
                raise
            message = "the server is at its memory limit and takes no more records"
            raise BackPressureError(message) from error
        if reply[0] == b"LAG":
            message = (
                f"partition {partition}: app {self._app!r} is {int(reply[1])} records behind, "
                f"more than {self._max_lag}"
            )
            raise BackPressureError(message)
        return [position.decode() for position in reply[1:]]

    def _check_memory(self) -> Dialogue:
        now_s = time.monotonic()
        if now_s - self._memory_checked_s < _MEMORY_EVERY_S:
            return
        info = yield ("INFO", "memory")
        memory = dict(line.split(b":", 1) for line in info.splitlines() if b":" in line)
        used, limit = int(memory[b"used_memory"]), int(memory.get(b"maxmemory", 0))
        if limit and used > _MEMORY_SHARE * limit:
            message = f"the server uses {used} of {limit} bytes; records are held back from 70 % on"
            raise BackPressureError(message)
        self._memory_checked_s = now_s

    def committed(self, app: str, partition: int) -> Dialogue:
        """The position an app has committed in a partition."""
        own, plain = yield self._cursor(app, partition, "position")
        reply = own or plain
        return reply.decode() if reply else START

    def hello(self) -> Dialogue:
        """Nothing but an answer."""
        return (yield ("PING",))

    def holds(self, partition: int, position: str, value: bytes) -> Dialogue:
        """True unless the server has lost an entry, or gave its position to another.

        One that is older than all the stream holds was trimmed rather than lost.
        """
        stream = self._stream(partition)
        found = yield ("XRANGE", stream, position, position)
        if found:
            fields = dict(zip(found[0][1][::2], found[0][1][1::2], strict=True))
            return fields.get(b"e") == value
        oldest = yield ("XRANGE", stream, "-", "+", "COUNT", 1)
        if oldest:
            return pack(oldest[0][0].decode()) > pack(position)
        newest = yield from self._about_stream(partition, b"last-generated-id")
        return newest is not None and pack(newest.decode()) >= pack(position)

    def wait_committed(self, app: str, partition: int, position: str, timeout_s: float) -> Dialogue:
        """Return once an app has committed a position."""
        give_up_s, pause_s = time.monotonic() + timeout_s, _FIRST_POLL_S
        while pack((yield from self.committed(app, partition))) < pack(position):
            if time.monotonic() > give_up_s:
                message = (
                    f"app {app!r} did not commit {position} of partition {partition} "
                    f"within {timeout_s:g} s; is its worker running?"
                )
                raise CommitTimeoutError(message)
            yield pause_s
            pause_s = min(pause_s * 1.5, _LONGEST_POLL_S)

    def lag(self, app: str, partition: int | None) -> Dialogue:
        """Records that an app has not committed yet, in one partition or in all."""
        if partition is None:
            count = yield from self._partition_count()
            numbers: Sequence[int] = range(count)
        else:
            numbers = [partition]
        total = 0
        for number in numbers:
            added = yield from self._entries_added(number)
            own, plain = yield self._cursor(app, number, "count")
            total += max(0, added - int(own or plain or 0))
        return total

    def _cursor(self, app: str, partition: int, field: str) -> Request:
        # A batch topic is an app's only one and has the plain fields; others carry their name.
        return ("HMGET", self._keyspace.cursor(partition, app), f"{field}:{self._topic}", field)

    def _entries_added(self, partition: int) -> Dialogue:
        return (yield from self._about_stream(partition, b"entries-added")) or 0

    def _about_stream(self, partition: int, field: bytes) -> Dialogue:
        try:
            reply = yield ("XINFO", "STREAM", self._stream(partition))
        except CommandError as error:
            if "no such key" in str(error):
                return None
            raise
        return dict(zip(reply[::2], reply[1::2], strict=True))[field]

    def assign(self, name: str) -> Dialogue:
        """The partition of a name: the one on record, else the least loaded one from now on."""
        if name not in self._assigned:
            count = yield from self._partition_count()
            reply = yield from run_script(scripts.ASSIGN, [self._keyspace.pools], [name, count])
            self._assigned[name] = int(reply)
        return self._assigned[name]

    def partition_for(self, key: bytes) -> Dialogue:
        """The partition that Faust's producers send a key to."""
        count = yield from self._topic_partitions()
        if count is None:
            # Raises: there is no number to be had.
            count = yield from self._partition_count()
        return partition_of(key, count, self._partitioner)

    def _check_partition(self, partition: int) -> Dialogue:
        count = self._count
        if count is None:
            count = yield from self._topic_partitions()
        if partition < 0 or (count is not None and partition >= count):
            raise no_partition(self._topic, partition, count)

    def _topic_partitions(self) -> Dialogue:
        """The topic's number on record, where it is put unless none is known yet."""
        if self._count is None:
            if self._partitions is not None:
                on_record = yield ("HGET", self._keyspace.topics, self._topic)
                if on_record is None:
                    yield from self._partition_count()
            keys = [self._keyspace.topics, self._keyspace.partitions]
            reply = yield from run_script(scripts.DECLARE, keys, [self._topic, "", ""])
            self._count = None if reply is None else int(reply)
        return self._count

    def _partition_count(self) -> Dialogue:
        on_record = yield ("GET", self._keyspace.partitions)
        if on_record is None and self._partitions is not None:
            yield ("SET", self._keyspace.partitions, self._partitions, "NX")
            on_record = yield ("GET", self._keyspace.partitions)
        if on_record is None:
            message = (
                f"namespace {self._keyspace.namespace!r} has no partition count on record yet; "
                "start a worker first or pass partitions="
            )
            raise PartitionCountError(message)
        if self._partitions is not None:
            verify_partitions(self._keyspace, self._partitions, on_record)
        return int(on_record)

    def _stream(self, partition: int) -> str:
        return self._keyspace.of(partition, self._topic)


def _record_key(item: Item) -> bytes:
    key = item[2] if len(item) == _KEYED else None
    return b"" if key is None else b"k" + key
