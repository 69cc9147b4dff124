"""What a server must be before anything is trusted to it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from faust_redis import scripts
from faust_redis.errors import (
    CommandError,
    PartitionCountError,
    ServerUnavailableError,
    ServerUnfitError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from faust_redis.client import Client
    from faust_redis.connection import Argument
    from faust_redis.keys import Keyspace

_OLDEST = (7, 0)
_PAUSE_S = 0.2


async def wait_until_fit(
    client: Client, keyspace: Keyspace, partitions: int, timeout_s: float
) -> None:
    """Check server and partitions, waiting a while for a server that starts or loads its data.

    Raises:
        TransportError: When it will not do, or does not answer in time.
    """
    give_up_s = time.monotonic() + timeout_s
    while True:
        try:
            await check_server(client)
            await check_partitions(client, keyspace, partitions)
            # So that no first commit has to be sent twice.
            await client.call("SCRIPT", "LOAD", scripts.COMMIT.text)
        except (ServerUnavailableError, CommandError):
            if time.monotonic() > give_up_s:
                raise
            await asyncio.sleep(_PAUSE_S)
        else:
            return


async def check_server(client: Client) -> None:
    """Refuse a server that is too old or that would evict what we keep.

    Raises:
        ServerUnfitError: When it is; says which setting and what to do.
        ServerUnavailableError: When it does not answer.
    """
    info = _info(await client.call("INFO", "everything"))
    # Valkey names the Redis version it is compatible with in redis_version.
    version = info.get("redis_version", "0.0")
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        message = (
            f"Redis at {client.address} is version {version}; "
            "7.0 or newer (or Valkey) is needed for scripts that commit at the memory limit"
        )
        raise ServerUnfitError(message)
    policy = info.get("maxmemory_policy", "noeviction")
    if int(info.get("maxmemory", 0)) > 0 and policy != "noeviction":
        message = (
            f"Redis at {client.address} may evict keys ({policy}), and so lose committed state; "
            "set maxmemory-policy noeviction"
        )
        raise ServerUnfitError(message)


async def check_partitions(client: Client, keyspace: Keyspace, partitions: int) -> None:
    """Put the number of partitions on record, or find the same one there.

    Raises:
        PartitionCountError: When another number is on record.
    """
    await register(client, keyspace, partitions, "", (), {})


async def register(
    client: Client,
    keyspace: Keyspace,
    partitions: int,
    app: str,
    reads: Iterable[str],
    topics: Mapping[str, int],
) -> None:
    """Put on record what an app *reads* and the numbers of partitions, or find the same there.

    Raises:
        PartitionCountError: When another number is on record.
    """
    readers = [keyspace.readers(topic) for topic in reads]
    words: list[Argument] = [word for pair in topics.items() for word in pair]
    number, *counts = await client.run(
        scripts.REGISTER,
        [keyspace.partitions, keyspace.topics, *readers],
        [app, partitions, *words],
    )
    verify_partitions(keyspace, partitions, number)
    for (topic, count), on_record in zip(topics.items(), counts, strict=True):
        verify_topic(topic, count, int(on_record))


def verify_topic(topic: str, partitions: int, on_record: int) -> None:
    """Compare a topic's number of partitions with the one on record.

    Raises:
        PartitionCountError: When they differ.
    """
    if on_record != partitions:
        message = (
            f"topic {topic!r} has {on_record} partitions on record, not {partitions}; "
            f"declare it with partitions={on_record} or give it another name"
        )
        raise PartitionCountError(message)


def verify_partitions(keyspace: Keyspace, partitions: int, on_record: bytes | None) -> None:
    """Compare a number of partitions with the one on record.

    Raises:
        PartitionCountError: When they differ.
    """
    if on_record is not None and int(on_record) != partitions:
        message = (
            f"namespace {keyspace.namespace!r} has {int(on_record)} partitions on record, not "
            f"{partitions}; start with partitions={int(on_record)} (topic_partitions of a Faust "
            "app) or use another namespace"
        )
        raise PartitionCountError(message)


def _info(reply: bytes) -> dict[str, str]:
    lines = reply.decode(errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)
