"""A Faust table kept in one Redis hash a partition, written only by commits: no changelog topic."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import faust
from faust.streams import current_event
from faust.tables.manager import TableManager as FaustTableManager
from faust.tables.recovery import Recovery as FaustRecovery
from mode import Service

from faust_redis.batch import Batch
from faust_redis.errors import UnsupportedError
from faust_redis.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types import AppT, CollectionT, StoreT

    from faust_redis.consumer import Consumer


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

    def on_key_set(self, key: bytes, value: bytes) -> None:
        """Put the field in the transaction of the batch in hand (called by Faust)."""
        _batch_in_hand().write.put(self.name, key, value)
        self._sensor_on_set(self, key, value)

    def on_key_del(self, key: bytes) -> None:
        """Remove the field in the transaction of the batch in hand (called by Faust)."""
        if key not in self.data:
            raise KeyError(key)
        _batch_in_hand().write.remove(self.name, key)
        self._sensor_on_del(self, key)


def _batch_in_hand() -> Batch:
    event = current_event()
    if event is None or not isinstance(event.value, Batch):
        message = "a table on Redis is used inside an agent of a batch topic, with a batch in hand"
        raise UnsupportedError(message)
    return event.value


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

    @Service.task
    async def _slurp_changelogs(self) -> None:
        """Nothing: there are no changelogs."""

    @Service.task
    async def _publish_stats(self) -> None:
        """Nothing: there is no recovery to tell of."""


class TableManager(FaustTableManager):
    """Tables without changelog topics."""

    mundane_level = "debug"

    _recovery: Recovery | None = None

    @property
    def recovery(self) -> Recovery:
        """The service that resumes the streams after an assignment."""
        if self._recovery is None:
            self._recovery = Recovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    def add(self, table: CollectionT) -> CollectionT:
        """Register a table of this package.

        Raises:
            UnsupportedError: When it is another kind, which would need a changelog topic.
        """
        if not isinstance(table, Table):
            message = f"table {table.name!r} would need a changelog topic; use faust_redis.Table"
            raise UnsupportedError(message)
        if table.name in self:
            message = f"there is a table {table.name!r} already"
            raise UnsupportedError(message)
        self[table.name] = table
        return table

    async def on_start(self) -> None:
        """Start the tables (called by Faust, which sleeps a second here)."""
        await self._update_channels()
        await self.recovery.start()

    async def _update_channels(self) -> None:
        self._tables_finalized.set()
        for table in self.values():
            await table.maybe_start()
        self._tables_registered.set()
