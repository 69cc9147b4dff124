"""Dead letters: what was set aside, with its bytes and the reason; look, send again, or drop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faust_redis import scripts
from faust_redis.address import parse
from faust_redis.blocking import BlockingConnection
from faust_redis.errors import NoLetterError
from faust_redis.keys import Keyspace

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOPIC_WITHOUT_NAME = "events"


@dataclass(frozen=True, slots=True)
class Letter:
    """One record that was set aside."""

    partition: int
    id: str
    fields: dict[str, bytes]

    @property
    def place(self) -> str:
        """How to name it to the other functions: ``PARTITION/ID``."""
        return f"{self.partition}/{self.id}"

    @property
    def raw(self) -> bytes:
        """The record's value, empty where it has none."""
        return self.fields.get("raw", b"")

    @property
    def topic(self) -> str:
        """The topic that it came from."""
        return self.text("topic") or _TOPIC_WITHOUT_NAME

    def text(self, name: str) -> str:
        """A field for people, such as ``reason``, ``error``, ``error_class`` or ``attempts``."""
        return self.fields.get(name, b"").decode(errors="replace")


class DeadLetters:
    """The dead letters of one namespace, over one blocking connection."""

    def __init__(self, url: str, namespace: str) -> None:
        self._connection = BlockingConnection(parse(url))
        self._keyspace = Keyspace(namespace)

    def list(self, partitions: Iterable[int], *, topic: str = "", limit: int = 100) -> list[Letter]:
        """The newest letters of each partition, newest first; of one *topic*, if named."""
        found: list[Letter] = []
        for partition in partitions:
            reply = self._connection.execute(
                "XREVRANGE", self._stream(partition), "+", "-", "COUNT", limit
            )
            found += (_letter(partition, entry) for entry in reply)
        return [letter for letter in found if not topic or letter.topic == topic]

    def show(self, place: str) -> Letter:
        """One letter.

        Raises:
            NoLetterError: When there is none at *place*.
        """
        partition, entry_id = _parsed(place)
        reply = self._connection.execute("XRANGE", self._stream(partition), entry_id, entry_id)
        if not reply:
            raise NoLetterError(_none(place))
        return _letter(partition, reply[0])

    def retry(self, place: str) -> str:
        """Append the record to its topic again and drop the letter, in one step; its new position.

        Raises:
            NoLetterError: When there is none at *place*.
        """
        letter = self.show(place)
        words: list[bytes | str] = []
        for name, word in letter.fields.items():
            if name in {"k", "t"} or name.startswith("h:"):
                words += (name, word)
            elif name == "raw":
                words += ("e", word)
        if not words:
            # Only fields that nobody knows; an entry must have one.
            words = ["e", b""]
        stream = self._stream(letter.partition)
        topic = self._keyspace.of(letter.partition, letter.topic)
        script = scripts.RETRY
        reply = self._connection.execute("EVAL", script.text, 2, stream, topic, letter.id, *words)
        if not reply:
            raise NoLetterError(_none(place))
        position: bytes = reply
        return position.decode()

    def drop(self, place: str) -> None:
        """Forget a letter.

        Raises:
            NoLetterError: When there is none at *place*.
        """
        partition, entry_id = _parsed(place)
        if not self._connection.execute("XDEL", self._stream(partition), entry_id):
            raise NoLetterError(_none(place))

    def _stream(self, partition: int) -> str:
        return self._keyspace.of(partition, "dead")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _letter(partition: int, entry: Any) -> Letter:  # noqa: ANN401
    entry_id, words = entry
    fields = zip((name.decode() for name in words[::2]), words[1::2], strict=True)
    return Letter(partition, entry_id.decode(), dict(fields))


def _parsed(place: str) -> tuple[int, str]:
    partition, _, entry_id = place.partition("/")
    if not (partition.isdigit() and entry_id):
        raise NoLetterError(_none(place))
    return int(partition), entry_id


def _none(place: str) -> str:
    return f"nothing was set aside at {place!r}; a place is PARTITION/ID, as the list shows it"
