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

    def members(self, app: str) -> str:
        """The app's workers, by when they were heard of last."""
        return f"{self.namespace}:members:{app}"

    def reads(self, app: str) -> str:
        """What each of the app's workers reads."""
        return f"{self.namespace}:reads:{app}"

    def bell(self, app: str) -> str:
        """The stream that tells an app's workers to look at who owns what."""
        return f"{self.namespace}:bell:{app}"

    def sender(self, partition: int, topic: str, name: str) -> str:
        """What a stream remembers of one producer."""
        return self.of(partition, f"sender:{topic}:{name}")

    @property
    def topics(self) -> str:
        """The hash from a topic's name to its number of partitions."""
        return f"{self.namespace}:topics"

    def readers(self, topic: str) -> str:
        """The set of apps that read a topic, for trimming."""
        return f"{self.namespace}:readers:{topic}"

    @property
    def partitions(self) -> str:
        """The number of partitions on record."""
        return f"{self.namespace}:partitions"

    @property
    def pools(self) -> str:
        """The hash from a pool's name to its partition."""
        return f"{self.namespace}:pools"
