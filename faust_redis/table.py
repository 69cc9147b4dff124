"""Faust tables kept in Redis and written only by commits; with or without a changelog topic."""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, cast

import faust
from faust.streams import current_event
from faust.tables.manager import TableManager as FaustTableManager
from faust.tables.objects import ChangeloggedObjectManager
from faust.tables.recovery import Recovery as FaustRecovery
from mode import Service

from faust_redis.batch import Batch
from faust_redis.codec import TableCodec
from faust_redis.errors import UnsupportedError
from faust_redis.store import Store, round_in_hand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types import TP, AppT, CollectionT, StoreT

    from faust_redis.consumer import Consumer

_log = logging.getLogger(__name__)


class Tables(Protocol):
    """What is loaded with a partition."""

    raw: list[str]
    codecs: list[TableCodec]

    def loaded(self, partition: int, views: Mapping[str, dict[Any, Any]]) -> None:
        """Take note of a partition's tables."""

    def on_gap(self, tp: TP, records: int) -> None:
        """Take note of records that were removed before they were read."""


class Table(faust.Table[bytes, bytes]):
    """Fields and values of bytes, in the hash ``{ns}:{p}:<name>``.

    ``table[field]`` works inside an agent of a batch topic, on the partition of the batch in hand.
    """

    mundane_level = "debug"

    def __init__(self, app: AppT, name: str) -> None:
        super().__init__(app, name=name, key_type=bytes, value_type=bytes)
        app.tables.add(self)

    def partition(self, partition: int) -> Mapping[bytes, bytes]:
        """One partition's table as loaded, with the writes of batches not committed yet."""
        views = cast("Consumer", self.app.consumer).views(partition)
        return MappingProxyType(views.get(self.name, {}))

    def _new_store(self) -> StoreT:
        return Store("redis://", self.app, self, table_name=self.name)

    async def on_start(self) -> None:
        """Start the store; there is no changelog topic to declare (called by Faust)."""
        await self.add_runtime_dependency(self.data)

    def __setitem__(self, key: bytes, value: bytes) -> None:
        _batch_in_hand().write.put(self.name, key, value)
        self._sensor_on_set(self, key, value)

    def __delitem__(self, key: bytes) -> None:
        if key not in self.data:
            raise KeyError(key)
        _batch_in_hand().write.remove(self.name, key)
        self._sensor_on_del(self, key)


class RoundTable(faust.Table[Any, Any]):
    """Faust's table, which looks for a key once; Faust's asks whether it is there, then for it."""

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401
        """The value of a key, or the table's default."""
        self.on_key_get(key)
        try:
            return self._data[key]
        except KeyError:
            return self.__missing__(key)


def _batch_in_hand() -> Batch:
    event = current_event()
    if event is None or not isinstance(event.value, Batch):
        message = "a table on Redis is used inside an agent of a batch topic, with a batch in hand"
        raise UnsupportedError(message)
    return event.value


class _Hooks:
    """What a plain Faust table calls when it changes, in place of sending to a changelog."""

    def __init__(self, table: Any) -> None:  # noqa: ANN401 - Faust's untyped table
        self._table = table
        self._sensors = table.app.sensors
        self._expires = table._should_expire_keys()  # noqa: SLF001 - as Faust's own hooks do

    def on_key_get(self, key: object) -> None:
        self._sensors.on_table_get(self._table, key)

    def on_key_set(self, key: object, value: object) -> None:
        table = self._table
        if self._expires and (round_ := round_in_hand()) is not None:
            table._maybe_set_key_ttl(key, round_.partition)  # noqa: SLF001
        self._sensors.on_table_set(table, key, value)

    def on_key_del(self, key: object) -> None:
        table = self._table
        if self._expires and (round_ := round_in_hand()) is not None:
            table._maybe_del_key_ttl(key, round_.partition)  # noqa: SLF001
        self._sensors.on_table_del(table, key)

    def on_loaded(self, partition: int, view: Mapping[Any, Any]) -> None:
        if self._expires:
            for key in view:
                self._table._maybe_set_key_ttl(key, partition)  # noqa: SLF001


class Recovery(FaustRecovery):
    """Recovery with nothing to read: tables are loaded when their partition is taken."""

    mundane_level = "debug"

    @Service.task
    async def _restart_recovery(self) -> None:
        while not self.should_stop:
            if await self.wait_for_stopped(self.signal_recovery_start):
                break
            self.signal_recovery_start.clear()
            await self._resume_streams(generation_id=self._generation_id)
            await self.call_recovered()

    async def call_recovered(self) -> None:
        """Call what tables want called when they are loaded: the first time not before they are."""
        if await self.wait_for_stopped(self.app.consumer.group.settled):
            return
        for table in self.tables.values():
            await table.call_recover_callbacks()

    @Service.task
    async def _slurp_changelogs(self) -> None:
        """Nothing: there are no changelogs to follow."""

    @Service.task
    async def _publish_stats(self) -> None:
        """Nothing: there is no recovery to tell of."""


class TableManager(FaustTableManager):
    """Tables that are loaded with their partition rather than recovered from changelog topics."""

    mundane_level = "debug"

    _recovery: Recovery | None = None

    def __init__(self, app: AppT, **options: Any) -> None:  # noqa: ANN401 - Faust's own
        super().__init__(app, **options)
        self.raw: list[str] = []
        self.codecs: list[TableCodec] = []
        self._hooks: dict[str, _Hooks] = {}

    @property
    def recovery(self) -> Recovery:
        """The service that resumes the streams after an assignment."""
        if self._recovery is None:
            self._recovery = Recovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    def add(self, table: CollectionT) -> CollectionT:
        """Register a table.

        Raises:
            UnsupportedError: When there is one of its name, or it is of a kind without a store.
        """
        if table.name in self:
            message = f"there is a table {table.name!r} already"
            raise UnsupportedError(message)
        self[table.name] = table
        return table

    def adopt(self, asked: str) -> None:
        """Give every table its place in Redis; *asked* is the store the program asked for, or ''.

        Raises:
            UnsupportedError: When a table is of a kind that has no place there.
        """
        for table in self.values():
            if isinstance(table, Table):
                self.raw.append(table.name)
                continue
            if isinstance(table.data, ChangeloggedObjectManager):
                message = f"table {table.name!r}: sets and objects are not carried; use a Table"
                raise UnsupportedError(message)
            self._adopt(table, str(table._store or asked))  # noqa: SLF001

    def _adopt(self, table: Any, asked: str) -> None:  # noqa: ANN401 - Faust's untyped table
        scheme = asked.partition(":")[0]
        if scheme not in {"", "memory", "redis", "rediss", "unix"}:
            message = f"table {table.name!r} asks for {asked}; use redis:// or memory://"
            raise UnsupportedError(message)
        in_memory = scheme == "memory"
        changelog = table.changelog_topic_name if in_memory or table.is_global else ""
        name = f"{self.app.conf.id}-{table.name}"
        codec = TableCodec(table, name, in_hash=not in_memory, changelog=changelog)
        store = Store("redis://", self.app, table, table_name=name)
        store.codec, store.is_global = codec, codec.is_global
        table._data = store  # noqa: SLF001 - Faust has no setter
        if type(table) is faust.Table:
            # A setting of Faust's, which comes too late for tables declared before any agent.
            table.__class__ = RoundTable
        self._hooks[name] = hooks = _Hooks(table)
        table.on_key_get = hooks.on_key_get
        table.on_key_set, table.on_key_del = hooks.on_key_set, hooks.on_key_del
        self.codecs.append(codec)

    def loaded(self, partition: int, views: Mapping[str, dict[Any, Any]]) -> None:
        """Let windows of a loaded partition expire in time."""
        for name, hooks in self._hooks.items():
            hooks.on_loaded(partition, views[name])

    def on_gap(self, tp: TP, records: int) -> None:
        """Count records that were removed before they were read."""
        self.app.consumer.watch.trimmed_past(tp, records)

    async def on_start(self) -> None:
        """Start the tables (called by Faust, which sleeps a second here)."""
        await self._update_channels()
        await self.recovery.start()

    async def _update_channels(self) -> None:
        self._tables_finalized.set()
        for table in self.values():
            if isinstance(table, Table):
                await table.maybe_start()
            elif not table.started:
                table.on_start = _nothing
                await table.maybe_start()
        self._tables_registered.set()


async def _nothing() -> None:
    """There is no changelog topic to declare."""
