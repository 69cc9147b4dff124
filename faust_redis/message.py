"""Records and batches as Faust's messages, each knowing the round it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from faust.types.tuples import ConsumerMessage

from faust_redis.positions import place

if TYPE_CHECKING:
    from faust_redis.batch import Batch
    from faust_redis.feed import Entry, Feed
    from faust_redis.round import Round

_HEADER = b"h:"


class StreamMessage(ConsumerMessage):
    """One message of a stream; its round is None once it is to be handed out anew."""

    __slots__ = ("batch", "entry", "feed", "position", "round")

    batch: Batch | None
    entry: Entry
    feed: Feed
    position: str
    round: Round | None

    # Faust's class has a slot for each of these three, to be filled for every record.
    checksum = None

    @property
    def serialized_key_size(self) -> int:
        """The bytes of the key."""
        return len(self.key or b"")

    @property
    def serialized_value_size(self) -> int:
        """The bytes of the value."""
        return len(self.value or b"")


_new = object.__new__


def _made(feed: Feed, position: str, round_: Round, generation_id: int) -> Any:  # noqa: ANN401 - Faust's slots are unknown to mypy
    """A message with every slot of Faust's filled, as for an entry with nothing but its id.

    One is made for every record, and Faust's own way takes 17 arguments through two classes.
    """
    message: Any = _new(StreamMessage)
    message.tp = tp = feed.tp
    message.topic, message.partition = tp
    message.offset, stored_at_ms = place(position)
    message.timestamp = stored_at_ms / 1000
    message.timestamp_type = 1
    message.headers = message.key = message.value = message.batch = message.span = None
    message.acked = message.tracked = False
    message.refcount = 0
    message.time_in = message.time_out = message.time_total = None
    message.generation_id = generation_id
    message.round = round_
    message.feed = feed
    message.position = position
    return message


def record_message(entry: Entry, feed: Feed, round_: Round, generation_id: int) -> StreamMessage:
    """The message of one record."""
    entry_id, words = entry
    message: Any = _made(feed, entry_id.decode(), round_, generation_id)
    message.entry = entry
    # An entry deleted inside a stream's node is replied without fields by some servers.
    if words:
        for name, word in zip(words[::2], words[1::2], strict=True):
            if name == b"e":
                message.value = word
            elif name == b"k":
                message.key = word
            elif name == b"t":
                message.timestamp, message.timestamp_type = float(word), 0
            elif name[:2] == _HEADER:
                if message.headers is None:
                    message.headers = {}
                message.headers[name[2:].decode()] = word
    return cast("StreamMessage", message)


def batch_message(batch: Batch, feed: Feed, round_: Round, generation_id: int) -> StreamMessage:
    """The message whose value is one batch; its offset is the batch's last position."""
    message: Any = _made(feed, batch.position, round_, generation_id)
    message.value = b""
    message.batch = batch
    return cast("StreamMessage", message)
