"""How the topics of an app are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faust_redis.errors import UnsupportedError
from faust_redis.feed import Source
from faust_redis.topic import BatchTopic

if TYPE_CHECKING:
    from faust.types import AppT

    from faust_redis.options import Options


async def source_of(app: AppT, options: Options, topic: str) -> Source:
    """How a topic is read: in batches or by record, in how many partitions.

    Raises:
    UnsupportedError: When one agent wants it in batches and another by record.
    PartitionCountError: When it has another number of partitions on record.
    """
    channels = [channel for channel in app.topics if topic in channel.topics]
    batch_topics = [channel for channel in channels if isinstance(channel, BatchTopic)]
    if batch_topics and len(batch_topics) != len(channels):
        message = f"topic {topic!r} is read in batches and by record; choose one for an app"
        raise UnsupportedError(message)
    if batch_topics:
        (channel, *_) = batch_topics
        return Source(
            topic,
            await app.producer.declare(topic, options.partitions),
            channel.max_records,
            batches=True,
            start_from=channel.start_from,
            rest_s=channel.rest_s,
        )
    wanted = next((c.partitions for c in channels if c.partitions), options.partitions)
    partitions = await app.producer.declare(topic, wanted)
    return Source(topic, partitions, options.max_records, batches=False)
