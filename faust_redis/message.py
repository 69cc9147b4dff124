"""Records and batches as Faust's messages, each knowing the round it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faust.types.tuples import ConsumerMessage

from faust_redis.positions import pack, stored_ms

if TYPE_CHECKING:
    from faust_redis.batch import Batch
    from faust_redis.feed import Entry, Feed
    from faust_redis.round import Round

_HEADER = b"h:"


class StreamMessage(ConsumerMessage):
    """One message of a stream; its round is None once it is to be handed out anew."""

    __slots__ = ("batch", "before", "entry", "feed", "position", "round")

    batch: Batch | None
    before: str
    entry: Entry
    feed: Feed
    position: str
    round: Round | None


def record_message(
    entry: Entry, feed: Feed, before: str, round_: Round, generation_id: int
) -> StreamMessage:
    """The message of one record."""
    entry_id, words = entry
    position = entry_id.decode()
    value = key = None
    headers: dict[str, bytes] | None = None
    stored_s = 0.0
    # An entry deleted inside a stream's node is replied without fields by some servers.
    fields = iter(words or ())
    for name in fields:
        word = next(fields)
        if name == b"e":
            value = word
        elif name == b"k":
            key = word
        elif name == b"t":
            stored_s = float(word)
        elif name.startswith(_HEADER):
            headers = headers if headers is not None else {}
            headers[name[2:].decode()] = word
    topic, partition = feed.tp
    message = StreamMessage(
        topic, partition, pack(position), stored_s or stored_ms(position) / 1000,
        0 if stored_s else 1, headers, key, value, None, None, None, feed.tp, None, None, None,
        generation_id,
    )  # fmt: skip
    message.round = round_
    message.batch = None
    message.entry = entry
    message.feed = feed
    message.position = position
    message.before = before
    return message


def batch_message(batch: Batch, feed: Feed, round_: Round, generation_id: int) -> StreamMessage:
    """The message whose value is one batch; its offset is the batch's last position."""
    topic, partition = feed.tp
    message = StreamMessage(
        topic, partition, pack(batch.position), stored_ms(batch.position) / 1000, 1, None, None,
        b"", None, 0, 0, feed.tp, None, None, None, generation_id,
    )  # fmt: skip
    message.round = round_
    message.batch = batch
    message.feed = feed
    message.position = batch.position
    message.before = batch.previous
    return message
