"""What a deployment says of the reads, as the reads want to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commands.settings import given
from dashboard.settings import Settings as ReadSettings

if TYPE_CHECKING:
    from commands.settings import Settings


def read_settings(settings: Settings) -> ReadSettings:
    """Lay out the settings of one server of reads.

    Raises:
        SettingsError: When no Redis was named.
    """
    return ReadSettings(
        redis_url=given(settings.redis, "redis"),
        namespace=settings.namespace,
        partitions=settings.partitions,
        database_url=settings.database,
        models=settings.models,
        read_tokens=_words(settings.read_tokens),
        cors_origins=_words(settings.cors_origins),
        trusted_proxies=_words(settings.trusted_proxies),
        reads_per_s=settings.reads_per_s,
        stream_clients=settings.stream_clients,
        stream_clients_per_address=settings.stream_clients_per_address,
    )


def _words(listed: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in listed.split(",") if word.strip())
