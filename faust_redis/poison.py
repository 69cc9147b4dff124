"""What becomes of a record on which an agent raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faust.streams import current_event

from faust_redis.delivery import letter_of
from faust_redis.message import StreamMessage

if TYPE_CHECKING:
    from faust.types.tuples import Message

    from faust_redis.consumer import Consumer


_IN_HAND = "faust_redis_record_in_hand"


def had_record_in_hand(error: BaseException | None) -> bool:
    """True when an agent raised this on a record; but once, since an error may be raised again."""
    return error is not None and error.__dict__.pop(_IN_HAND, False)


class Poison:
    """A record that raises is set aside, and the others of its round are handed out anew."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def raised(self, exc: BaseException) -> None:
        """Bury the record that an agent raised on, or stop for a batch."""
        event = current_event()
        message = event.message if event is not None else None
        if not isinstance(message, StreamMessage):
            self._consumer.log.error("an agent failed with no record in hand: %r", exc)
            return
        exc.__dict__[_IN_HAND] = True
        await self.fail(message, exc)

    async def fail(self, message: Message, error: BaseException) -> None:
        """Set a record aside and hand out the others of its round anew."""
        if not isinstance(message, StreamMessage):
            raise error
        round_ = message.round
        if round_ is None or not round_.live or message.acked:
            return
        if message.batch is not None:
            self._consumer.log.error(
                "an agent failed; nothing of its batch is committed: %r", error
            )
            self._consumer.failed = True
            self._consumer.progress.set()
            await self._consumer.app.crash(error)
            return
        self._consumer.log.error("%s: %s is set aside: %r", message.topic, message.position, error)
        unit = round_.unit
        unit.letters[message.topic, message.entry[0]] = letter_of("raised", error, 1)
        # What nobody has begun waits until this is committed: else every record that raises would
        # have all that come before it done once more, and nothing be committed until the last.
        unit.again = round_.begun(message)
        round_.take_back()
        unit.current = None
        self._consumer.rounds.start(unit)
