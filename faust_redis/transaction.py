"""What one round writes: gathered in memory, then sent as the arguments of one commit script."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

    from faust_redis.batch import Record
    from faust_redis.codec import TableCodec
    from faust_redis.connection import Argument
    from faust_redis.keys import Keyspace

MISSING = object()
"""Stands for a field that a table did not have."""


class Transaction:
    """Writes that become visible together with their round's positions, or never."""

    __slots__ = (
        "_app",
        "_keyspace",
        "_partition",
        "_rich",
        "_sets",
        "_streams",
        "_tables",
        "_views",
        "objects",
        "undo",
    )

    def __init__(
        self,
        keyspace: Keyspace,
        app: str,
        partition: int,
        views: Mapping[str, dict[Any, Any]],
    ) -> None:
        self._keyspace = keyspace
        self._app = app
        self._partition = partition
        self._views = views
        self._tables: dict[str, tuple[dict[bytes, bytes], dict[bytes, None]]] = {}
        self._streams: dict[str, list[bytes]] = {}
        self._rich: dict[str, list[Argument]] = {}
        self._sets: dict[str, bytes] = {}
        self.objects: dict[str, tuple[TableCodec, dict[Any, Any]]] = {}
        """By table: what Faust programs set, as Python objects; MISSING where they deleted."""
        self.undo: dict[str, dict[Any, Any]] = {}
        """By table: what those fields held before this round."""

    # -- bytes, as batches write them

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
        self.letter(
            {
                "raw": record.value,
                "reason": reason,
                "error": error,
                "position": record.position,
                "app": self._app,
            }
        )

    def letter(self, fields: Mapping[str, Argument]) -> None:
        """Keep something in this partition's ``dead``."""
        self.send(self._partition, "dead", list(chain.from_iterable(fields.items())))

    # -- what Faust programs write

    def send(self, partition: int, topic: str, words: Sequence[Argument]) -> None:
        """Append an entry of fields and values to a topic's stream of any partition."""
        entries = self._rich.setdefault(self._keyspace.of(partition, topic), [])
        entries.append(len(words))
        entries += words

    def put_object(self, codec: TableCodec, key: object, value: object) -> None:
        """Put a Python value in a Faust table; MISSING deletes."""
        name = codec.name
        view = self._views[name]
        written = self.objects.get(name)
        if written is None:
            written = self.objects[name] = (codec, {})
            self.undo[name] = {}
        if key not in written[1]:
            self.undo[name][key] = view.get(key, MISSING)
        written[1][key] = value
        if value is MISSING:
            view.pop(key, None)
        else:
            view[key] = value

    def rollback(self) -> None:
        """Give the views of Faust tables back what they held before this round."""
        for name, fields in self.undo.items():
            view = self._views.get(name)
            if view is None:
                continue
            for key, value in fields.items():
                if value is MISSING:
                    view.pop(key, None)
                else:
                    view[key] = value
        self.objects.clear()
        self.undo.clear()

    def seal(self) -> None:
        """Turn Python objects into bytes, as they are now."""
        for codec, fields in self.objects.values():
            for key, value in fields.items():
                self._seal(codec, codec.encode_key(key), value)
        self.objects = {}

    def _seal(self, codec: TableCodec, field: bytes, value: object) -> None:
        raw = None if value is MISSING else codec.encode_value(value)
        if codec.in_hash:
            puts, removed = self._tables.setdefault(codec.name, ({}, {}))
            if raw is None:
                removed[field] = None
            else:
                puts[field] = raw
        if codec.changelog:
            words: list[Argument] = ["k", field] if raw is None else ["e", raw, "k", field]
            self.send(self._partition, codec.changelog, words)

    # -- the commit script's words

    @property
    def empty(self) -> bool:
        """True when nothing was written."""
        return not (self._tables or self._streams or self._rich or self._sets or self.objects)

    def keys(self) -> list[str]:
        """Every key the commit touches besides the cursor, in the script's order."""
        of, partition = self._keyspace.of, self._partition
        keys = [of(partition, table) for table in self._tables]
        keys += [of(partition, topic) for topic in self._streams]
        keys += self._rich
        keys += self._sets
        return keys

    def counts(self) -> list[Argument]:
        """How many tables, plain streams, rich streams and strings there are."""
        return [len(self._tables), len(self._streams), len(self._rich), len(self._sets)]

    def args(self) -> list[Argument]:
        """The commit script's arguments after the topics: counts first, then values."""
        tables, streams = self._tables.values(), self._streams.values()
        args: list[Argument] = []
        for puts, removed in tables:
            args += (len(puts), len(removed))
        args += map(len, streams)
        args += map(_entries, self._rich.values())
        for puts, removed in tables:
            args += chain.from_iterable(puts.items())
            args += removed
        for entries in streams:
            args += entries
        for words in self._rich.values():
            args += words
        args += self._sets.values()
        return args


def _entries(words: Sequence[Argument]) -> int:
    """The number of entries, each preceded by its number of words."""
    count = at = 0
    while at < len(words):
        at += 1 + int(words[at])
        count += 1
    return count
