"""The parts of Faust's consumer contract that batches have no use for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.transport.consumer import Consumer
from faust.types.tuples import TP

from faust_redis.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class NoSeeks(Consumer):
    """A consumer whose positions are loaded with a partition and moved by commits only."""

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:  # noqa: ANN401, FBT001, FBT002
        """Nothing to do: every batch is committed as soon as it is done."""
        del topics, start_new_transaction
        return False

    async def perform_seek(self) -> None:
        """Nothing to do: the position is in the cursor."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Nothing to do: the position is in the cursor."""
        return {}

    async def create_topic(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Nothing to do: Redis makes a stream with its first entry."""

    def highwater(self, tp: TP) -> int:
        """Unknown without asking the server."""
        del tp
        return 0

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """None: only changelog topics are asked for, and there are none."""
        return dict.fromkeys(partitions, 0)

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """None: only changelog topics are asked for, and there are none."""
        return dict.fromkeys(partitions, 0)

    def key_partition(
        self, topic: str, key: bytes | None, partition: int | None = None
    ) -> int | None:
        """Unknown: who publishes names the partition."""
        del topic, key
        return partition

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Nothing for no partitions.

        Raises:
            UnsupportedError: For any.
        """
        for tp in partitions:
            await self._seek(tp, partitions[tp])

    async def seek_to_beginning(self, *partitions: TP) -> None:
        """Nothing for no partitions.

        Raises:
            UnsupportedError: For any.
        """
        for tp in partitions:
            await self._seek(tp, 0)

    async def _seek(self, partition: TP, offset: int) -> None:
        message = f"{partition} cannot be sought to {offset}; use start_from of the batch topic"
        raise UnsupportedError(message)

    # Faust's own loop would call these three; ours reads and commits whole rounds instead.

    async def _getmany(self, active_partitions: Iterable[TP] | None, timeout: float) -> Any:  # noqa: ANN401, ASYNC109
        raise UnsupportedError(f"rounds are read, not records of {active_partitions} in {timeout}")

    def _to_message(self, tp: TP, record: Any) -> Any:  # noqa: ANN401
        raise UnsupportedError(f"a round is a message, not the record {record} of {tp}")

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        raise UnsupportedError(f"a round commits itself; {offsets} are committed by nobody else")
