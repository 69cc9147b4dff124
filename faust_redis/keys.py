"""The names of the keys that this transport owns; the braces are a Redis Cluster hash tag."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keyspace:
    """Every key of one namespace."""

    namespace: str

    def of(self, partition: int, name: str) -> str:
        """A stream or a table of one partition, such as ``sabi:{3}:events``."""
        return f"{self.namespace}:{{{partition}}}:{name}"

    def cursor(self, partition: int, app: str) -> str:
        """The hash of an app's committed position, its owner's token and lease."""
        return self.of(partition, f"cursor:{app}")

    def seen(self, partition: int, topic: str) -> tuple[str, str]:
        """The newer and the older hash from idempotence key to position."""
        prefix = "seen" if topic == "events" else f"seen:{topic}"
        return self.of(partition, f"{prefix}:a"), self.of(partition, f"{prefix}:b")

    @property
    def partitions(self) -> str:
        """The number of partitions on record."""
        return f"{self.namespace}:partitions"

    @property
    def pools(self) -> str:
        """The hash from a pool's name to its partition."""
        return f"{self.namespace}:pools"
