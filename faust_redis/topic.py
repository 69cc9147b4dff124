"""A topic whose events are batches of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.topics import Topic

from faust_redis.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types import AppT, EventT

    from faust_redis.message import StreamMessage
    from faust_redis.ownership import StartFrom

_MOST_RECORDS = 4096


class BatchTopic(Topic):
    """Delivers up to *max_records* records of one partition as one event, at once."""

    def __init__(
        self,
        app: AppT,
        *,
        max_records: int = 256,
        start_from: StartFrom | None = None,
        rest_s: float = 0.0,
        **options: Any,  # noqa: ANN401 - Faust's own
    ) -> None:
        self.max_records = max_records
        self.start_from = start_from
        self.rest_s = rest_s
        super().__init__(app, **options)

    def _compile_decode(self) -> None:
        # A batch is made by the consumer; there is nothing to deserialize.
        self.decode = self._event

    async def _event(self, message: StreamMessage, *, propagate: bool = False) -> EventT[Any]:
        del propagate
        return self.app.create_event(None, message.batch, None, message)

    def _clone_args(self) -> Mapping[str, Any]:
        own = {
            "max_records": self.max_records,
            "start_from": self.start_from,
            "rest_s": self.rest_s,
        }
        return {**super()._clone_args(), **own}


def batch_topic(
    app: AppT,
    name: str,
    *,
    max_records: int = 256,
    start_from: StartFrom | None = None,
    rest_s: float = 0.0,
) -> BatchTopic:
    """The stream ``{ns}:{p}:<name>`` of every partition, in batches.

    *start_from* names the position to begin from when a partition is taken, for apps whose position
    of record is kept elsewhere; ``None`` leaves it to the cursor in Redis.

    *rest_s* is a partition's rest after each read that left nothing behind, for agents whose work
    costs as much for one record as for a hundred. Under a steady load small batches grow, at the
    price of as much delay, a half more or less the first time; what comes after a silence is still
    delivered at once. Partitions take turns, so that they do not all work at one time.

    Raises:
        UnsupportedError: When *max_records* is not between 1 and 4096.
    """
    if not 1 <= max_records <= _MOST_RECORDS:
        message = f"max_records must be between 1 and {_MOST_RECORDS}, not {max_records}"
        raise UnsupportedError(message)
    return BatchTopic(
        app,
        topics=[name],
        max_records=max_records,
        start_from=start_from,
        rest_s=rest_s,
        value_type=bytes,
        key_type=bytes,
        value_serializer="raw",
    )
