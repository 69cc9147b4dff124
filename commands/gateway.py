"""``sabiscore gateway``: take events over HTTP from feeds in any language."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from commands.settings import given
from embedded.check import wait_for_redis
from faust_redis.address import parse
from faust_redis.checks import wait_until_fit
from faust_redis.client import Client
from faust_redis.errors import PartitionCountError, TransportError
from faust_redis.keys import Keyspace
from producers import gateway
from schemas.competitions import load_competitions
from schemas.errors import ServerError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands.settings import Settings

_ANSWER_S = 5.0


def run(settings: Settings, host: str, port: int, say: Callable[[str], None]) -> int:
    """Serve until told to stop; return the exit code.

    Raises:
        SettingsError: When there is no token, or one that could be guessed, or the namespace has
            another number of partitions.
        ServerError: When Redis does not answer or may lose events, or the port cannot be had.
    """
    asked = gateway.Settings(
        redis_url=given(settings.redis, "redis"),
        namespace=settings.namespace,
        partitions=settings.partitions,
        token=settings.gateway_token or "",
    )
    competitions = load_competitions(settings.competitions)
    wait_for_redis(asked.redis_url, _ANSWER_S)
    try:
        asyncio.run(_require_fit(asked))
    except PartitionCountError as error:
        raise SettingsError(str(error)) from error
    except TransportError as error:
        raise ServerError(str(error)) from error
    return gateway.run(asked, host, port, competitions=competitions, say=say)


async def _require_fit(asked: gateway.Settings) -> None:
    """Hold Redis to what a worker holds it to, so that no feed finds out by its first event."""
    client = Client(parse(asked.redis_url), "gateway:check")
    try:
        await wait_until_fit(client, Keyspace(asked.namespace), asked.partitions, _ANSWER_S)
    finally:
        client.close()


def with_token(settings: Settings, say: Callable[[str], None]) -> Settings:
    """The settings with a token for feeds: yours, or one that is made up and said."""
    if settings.gateway_token is not None:
        return settings
    token = secrets.token_hex(24)
    say(f"Gateway token, of this run: {token}")
    return settings.model_copy(update={"gateway_token": token})
