"""The mapping behind a Faust table: the fields of the partition whose record is in hand."""

from __future__ import annotations

from collections import ChainMap
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from faust.stores import base
from faust.streams import current_event

from faust_redis.errors import UnsupportedError
from faust_redis.message import StreamMessage
from faust_redis.mirror import GlobalView
from faust_redis.transaction import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from faust.types import EventT

    from faust_redis.codec import TableCodec
    from faust_redis.consumer import Consumer
    from faust_redis.round import Round


_NOTHING: Mapping[Any, Any] = MappingProxyType({})


def round_in_hand() -> Round | None:
    """The round of the record that the running task works on, if any."""
    event = current_event()
    if event is None:
        return None
    message = event.message
    return message.round if type(message) is StreamMessage else None


class Store(base.Store[Any, Any]):
    """Views of the loaded partitions; writes travel with the round's transaction.

    Inside an agent it is the partition of the record in hand; outside, every partition we own.
    """

    mundane_level = "debug"

    codec: TableCodec | None = None
    is_global = False

    def _view(self) -> Mapping[Any, Any]:
        round_ = round_in_hand()
        if round_ is not None and not self.is_global:
            return round_.unit.views.get(self.table_name) or _NOTHING
        consumer: Consumer = self.app.consumer
        if not self.is_global:
            return ChainMap(*consumer.all_views(self.table_name))
        cells = consumer.mirror.cells(self.table_name)
        if round_ is None:
            return GlobalView(cells, None, -1)
        return GlobalView(cells, round_.unit.views.get(self.table_name), round_.partition)

    def _write(self, key: object, value: object) -> None:
        round_ = round_in_hand()
        if round_ is None:
            message = "a table is written inside an agent, with a record in hand"
            raise UnsupportedError(message)
        if round_.void:
            # The record is handed out again; what this turn writes does not count.
            return
        if round_.sealed:
            message = "a table was written after the record in hand was acknowledged"
            raise UnsupportedError(message)
        if self.codec is None:
            if value is MISSING:
                round_.write.remove(self.table_name, key)  # type: ignore[arg-type]  # raw bytes
            else:
                round_.write.put(self.table_name, key, value)  # type: ignore[arg-type]
        else:
            round_.write.put_object(self.codec, key, value)

    @property
    def data(self) -> Mapping[Any, Any]:
        """What ``keys``, ``values``, ``items`` and ``copy`` of Faust's mappings look at."""
        return self._view()

    def update(self, *others: Any, **more: Any) -> None:  # noqa: ANN401
        """Set every item of some mappings."""
        for key, value in dict(*others, **more).items():
            self[key] = value

    def __getitem__(self, key: object) -> Any:  # noqa: ANN401
        return self._view()[key]

    def __setitem__(self, key: object, value: object) -> None:
        self._write(key, value)

    def __delitem__(self, key: object) -> None:
        if round_in_hand() is None:
            # Faust's own cleaning of windows that are over.
            self.app.consumer.settling.expire(self.codec, key)
            return
        if key not in self._view():
            raise KeyError(key)
        self._write(key, MISSING)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._view()))

    def __len__(self) -> int:
        return len(self._view())

    def __contains__(self, key: object) -> bool:
        return key in self._view()

    def clear(self) -> None:
        """Empty the partition's view."""
        for key in list(self):
            del self[key]

    def apply_changelog_batch(
        self,
        batch: Iterable[EventT],
        to_key: Callable[[object], bytes],
        to_value: Callable[[object], bytes],
    ) -> None:
        """Nothing: changelogs are read when their partition is taken."""

    def reset_state(self) -> None:
        """Nothing: tables are loaded anew when their partition is taken."""

    async def backup_partition(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Refuse.

        Raises:
            UnsupportedError: Always; the server's own append-only file is the backup.
        """
        del args, options
        message = "tables on Redis are backed up with the server's append-only file"
        raise UnsupportedError(message)

    def restore_backup(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Refuse.

        Raises:
            UnsupportedError: Always; the server's own append-only file is the backup.
        """
        del args, options
        message = "tables on Redis are restored with the server's append-only file"
        raise UnsupportedError(message)
