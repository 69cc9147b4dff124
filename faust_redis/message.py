"""A batch as Faust's message: skipped by streams once its partition was loaded anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faust.types.tuples import TP, ConsumerMessage

from faust_redis.positions import pack, stored_ms

if TYPE_CHECKING:
    from faust_redis.batch import Batch


class BatchMessage(ConsumerMessage):
    """One message whose value is one batch; its offset is the batch's last position."""

    __slots__ = ("batch",)

    def __init__(self, tp: TP, batch: Batch, generation_id: int) -> None:
        self.batch = batch
        super().__init__(
            tp.topic,
            tp.partition,
            offset=pack(batch.position),
            timestamp=stored_ms(batch.position) / 1000,
            timestamp_type=1,
            headers=None,
            key=None,
            value=b"",
            checksum=None,
            serialized_value_size=0,
            tp=tp,
            generation_id=generation_id,
        )
