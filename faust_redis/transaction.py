"""What one batch writes: gathered in memory, then sent as the arguments of one commit script."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from faust_redis.batch import Record
    from faust_redis.connection import Argument
    from faust_redis.keys import Keyspace


class Transaction:
    """Writes that become visible together with their batch's position, or never."""

    __slots__ = (
        "_app",
        "_dead",
        "_keyspace",
        "_partition",
        "_sets",
        "_streams",
        "_tables",
        "_views",
    )

    def __init__(
        self,
        keyspace: Keyspace,
        app: str,
        partition: int,
        views: Mapping[str, dict[bytes, bytes]],
    ) -> None:
        self._keyspace = keyspace
        self._app = app
        self._partition = partition
        self._views = views
        self._tables: dict[str, tuple[dict[bytes, bytes], dict[bytes, None]]] = {}
        self._streams: dict[str, list[bytes]] = {}
        self._sets: dict[str, bytes] = {}
        self._dead: list[Argument] = []

    def put(self, table: str, field: bytes, value: bytes) -> None:
        """Put a field of a table; the partition's view of the table shows it at once."""
        written = self._tables.get(table)
        if written is None:
            written = self._tables[table] = ({}, {})
        puts, removed = written
        puts[field] = value
        if removed:
            removed.pop(field, None)
        if (view := self._views.get(table)) is not None:
            view[field] = value

    def remove(self, table: str, field: bytes) -> None:
        """Remove a field of a table; the partition's view of the table shows it at once."""
        puts, removed = self._tables.setdefault(table, ({}, {}))
        puts.pop(field, None)
        removed[field] = None
        if (view := self._views.get(table)) is not None:
            view.pop(field, None)

    def view(self, table: str) -> MutableMapping[bytes, bytes]:
        """The table as this batch sees it."""
        return self._views.get(table, {})

    def set(self, key: str, value: bytes) -> None:
        """Set a string; the last value of a batch stands."""
        self._sets[key] = value

    def append(self, topic: str, value: bytes) -> None:
        """Append an entry with the one field ``e`` to a topic's stream of this partition."""
        entries = self._streams.get(topic)
        if entries is None:
            entries = self._streams[topic] = []
        entries.append(value)

    def dead(self, record: Record, reason: str, error: str) -> None:
        """Keep a record that could not be used, with its bytes, in this partition's ``dead``."""
        self._dead += (record.value, reason, error, record.position, self._app)

    def keys(self) -> list[str]:
        """Every key the commit touches besides the cursor, in the script's order."""
        of, partition = self._keyspace.of, self._partition
        keys = [of(partition, table) for table in self._tables]
        keys += [of(partition, topic) for topic in self._streams]
        if self._dead:
            keys.append(of(partition, "dead"))
        keys += self._sets
        return keys

    def args(self) -> list[Argument]:
        """The commit script's arguments from the sixth on: counts first, then values."""
        tables, streams = self._tables.values(), self._streams.values()
        args: list[Argument] = [len(tables), len(streams), len(self._dead) // 5, len(self._sets)]
        for puts, removed in tables:
            args += (len(puts), len(removed))
        args += map(len, streams)
        for puts, removed in tables:
            args += chain.from_iterable(puts.items())
            args += removed
        for entries in streams:
            args += entries
        args += self._dead
        args += self._sets.values()
        return args
