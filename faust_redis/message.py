"""Records and batches as Faust's messages, each knowing the round it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


_new = object.__new__


def _made(
    feed: Feed,
    position: str,
    before: str,
    round_: Round,
    generation_id: int,
    key: bytes | None,
    value: bytes | None,
    headers: dict[str, bytes] | None,
    sent_s: float,
) -> Any:  # noqa: ANN401 - Faust's slots are unknown to mypy
    """A message with every slot of Faust's filled.

    One is made for every record, and Faust's own way takes 17 arguments through two classes.
    """
    message: Any = _new(StreamMessage)
    message.tp = feed.tp
    message.topic, message.partition = feed.tp
    message.offset = pack(position)
    message.timestamp = sent_s or stored_ms(position) / 1000
    message.timestamp_type = 0 if sent_s else 1
    message.headers = headers
    message.key = key
    message.value = value
    message.checksum = message.span = None
    message.serialized_key_size = 0 if key is None else len(key)
    message.serialized_value_size = 0 if value is None else len(value)
    message.acked = message.tracked = False
    message.refcount = 0
    message.time_in = message.time_out = message.time_total = None
    message.generation_id = generation_id
    message.round = round_
    message.feed = feed
    message.position = position
    message.before = before
    return message


def record_message(
    entry: Entry, feed: Feed, before: str, round_: Round, generation_id: int
) -> StreamMessage:
    """The message of one record."""
    entry_id, words = entry
    position = entry_id.decode()
    value = key = None
    headers: dict[str, bytes] | None = None
    sent_s = 0.0
    # An entry deleted inside a stream's node is replied without fields by some servers.
    fields = iter(words or ())
    for name in fields:
        word = next(fields)
        if name == b"e":
            value = word
        elif name == b"k":
            key = word
        elif name == b"t":
            sent_s = float(word)
        elif name.startswith(_HEADER):
            headers = headers if headers is not None else {}
            headers[name[2:].decode()] = word
    message: StreamMessage = _made(
        feed, position, before, round_, generation_id, key, value, headers, sent_s
    )
    message.entry = entry
    message.batch = None
    return message


def batch_message(batch: Batch, feed: Feed, round_: Round, generation_id: int) -> StreamMessage:
    """The message whose value is one batch; its offset is the batch's last position."""
    message: StreamMessage = _made(
        feed, batch.position, batch.previous, round_, generation_id, None, b"", None, 0.0
    )
    message.batch = batch
    return message
