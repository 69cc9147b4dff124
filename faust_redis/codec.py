"""How a Faust table's keys and values become bytes, and come back as the types they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from faust.types.tables import CollectionT

_PLAIN = frozenset({int, str, float, bool})
_to_json = msgspec.json.Encoder().encode


class TableCodec:
    """One table's name in Redis and its serializers, which are Faust's own for that table."""

    __slots__ = ("_serializers", "_table", "changelog", "in_hash", "is_global", "name")

    def __init__(self, table: CollectionT, name: str, *, in_hash: bool, changelog: str) -> None:
        self._table = table
        self._serializers = table.app.serializers
        self.name = name
        self.in_hash = in_hash
        """Kept in the hash ``{ns}:{p}:<name>``; else its changelog is all there is."""
        self.changelog = changelog
        """The topic that every change is appended to, if any."""
        self.is_global = bool(table.is_global)

    def encode_key(self, key: object) -> bytes:
        """A key's bytes."""
        table = self._table
        if type(key) is bytes and table.key_type is bytes:
            return key
        if type(key) in _PLAIN and table.key_serializer == "json" and table.key_type is None:
            return _to_json(key)
        return bytes(
            self._serializers.dumps_key(table.key_type, key, serializer=table.key_serializer)
        )

    def encode_value(self, value: object) -> bytes:
        """A value's bytes."""
        table = self._table
        if type(value) in _PLAIN and table.value_serializer == "json":
            return _to_json(value)
        dumped = self._serializers.dumps_value(
            table.value_type, value, serializer=table.value_serializer
        )
        return b"" if dumped is None else bytes(dumped)

    def decode_key(self, raw: bytes) -> Any:  # noqa: ANN401
        """The key as the program set it: windowed keys are tuples again."""
        table = self._table
        key = self._serializers.loads_key(table.key_type, raw, serializer=table.key_serializer)
        return _hashable(key)

    def decode_value(self, raw: bytes) -> Any:  # noqa: ANN401
        """The value as the program set it."""
        table = self._table
        value = self._serializers.loads_value(
            table.value_type, raw, serializer=table.value_serializer
        )
        return table._to_value(value)  # noqa: SLF001 - as Faust's own recovery does


def _hashable(key: Any) -> Any:  # noqa: ANN401
    return tuple(_hashable(part) for part in key) if isinstance(key, list) else key
