"""The mapping behind a table: the fields of the partition whose batch is in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.stores import base
from faust.streams import current_event

from faust_redis.batch import Batch
from faust_redis.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, MutableMapping

    from faust.types import EventT


class Store(base.Store[bytes, bytes]):
    """A view of the loaded tables; writes travel with the batch's transaction."""

    mundane_level = "debug"

    def _view(self) -> MutableMapping[bytes, bytes]:
        event = current_event()
        if event is None or not isinstance(event.value, Batch):
            message = "a table on Redis is used inside an agent of a batch topic, batch in hand"
            raise UnsupportedError(message)
        return event.value.write.view(self.table_name)

    def __getitem__(self, key: bytes) -> bytes:
        return self._view()[key]

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._view()[key] = value

    def __delitem__(self, key: bytes) -> None:
        self._view().pop(key, None)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._view())

    def __len__(self) -> int:
        return len(self._view())

    def __contains__(self, key: object) -> bool:
        return key in self._view()

    def clear(self) -> None:
        """Empty the partition's view."""
        self._view().clear()

    def apply_changelog_batch(
        self,
        batch: Iterable[EventT],
        to_key: Callable[[object], bytes],
        to_value: Callable[[object], bytes],
    ) -> None:
        """Nothing: there are no changelogs."""

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
