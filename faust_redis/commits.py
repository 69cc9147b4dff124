"""Carrying commits to the server, and finding out what became of one whose reply was lost."""

from __future__ import annotations

import asyncio
import enum
import logging
from typing import TYPE_CHECKING

from faust_redis import scripts
from faust_redis.client import TRANSIENT
from faust_redis.errors import CommandError, CommitRefusedError, ServerUnavailableError
from faust_redis.positions import START

if TYPE_CHECKING:
    from faust_redis.client import Client
    from faust_redis.connection import Argument
    from faust_redis.partition import Partition
    from faust_redis.round import Round

_log = logging.getLogger(__name__)

_TRANSIENT_PAUSE_S = 0.1


class Outcome(enum.Enum):
    """What became of a commit."""

    COMMITTED = "committed"
    FENCED = "fenced"


class _Fate(enum.Enum):
    DONE = enum.auto()
    NOT_DONE = enum.auto()
    NOT_OURS = enum.auto()


class Commit:
    """One round on its way to the server."""

    def __init__(self, client: Client, partition: Partition, round_: Round, lease_ms: int) -> None:
        self._client = client
        self._partition = partition
        self._round = round_
        write = round_.write
        write.seal()
        round_.sealed = True
        self._keys = [partition.cursor, *write.keys()]
        self._args: list[Argument] = [
            round_.token,
            lease_ms,
            int(partition.one_by_one > 0),
            len(round_.shares),
            *write.counts(),
        ]
        for share in round_.shares:
            self._args += (
                share.feed.source.suffix,
                share.previous,
                share.position,
                len(share.entries),
            )
        self._args += write.args()
        self._first: asyncio.Future[bytes] | None = None

    def send(self) -> asyncio.Future[bytes] | None:
        """Put it on the wire in this very tick, before the next batch's work; its reply to come.

        None when there is no connection now: :meth:`outcome` makes one.
        """
        if (connection := self._client.connection) is not None:
            self._first = connection.execute(
                "EVALSHA", scripts.COMMIT.sha, len(self._keys), *self._keys, *self._args
            )
            connection.flush()
        return self._first

    async def outcome(self) -> Outcome:
        """Wait for the reply, or find out without one; send again only what was surely not done.

        Raises:
            CommitRefusedError: When the server can never take it; nothing of it was written.
        """
        while True:
            try:
                reply = await self._reply()
            except ServerUnavailableError as error:
                number = self._partition.number
                _log.warning("partition %d: no reply to a commit: %s", number, error)
            except CommandError as error:
                await _not_now(self._partition, error)
            else:
                if reply == b"OK":
                    return Outcome.COMMITTED
                if reply == b"FENCED":
                    return Outcome.FENCED
                # A conflict may be our own commit, sent before and carried out late: look.
            fate = await _fate(self._client, self._partition, self._round)
            if fate is _Fate.DONE:
                return Outcome.COMMITTED
            if fate is _Fate.NOT_OURS:
                return Outcome.FENCED

    async def _reply(self) -> bytes:
        first, self._first = self._first, None
        if first is not None:
            try:
                return bytes(await first)
            except CommandError as error:
                if error.code != "NOSCRIPT":
                    raise
        return bytes(await self._client.run(scripts.COMMIT, self._keys, self._args))


async def _not_now(partition: Partition, error: CommandError) -> None:
    if error.code not in TRANSIENT:
        message = f"partition {partition.number}: the server refuses a commit: {error}"
        raise CommitRefusedError(message) from error
    _log.warning("partition %d: the server cannot commit now: %s", partition.number, error)
    await asyncio.sleep(_TRANSIENT_PAUSE_S)


async def _fate(client: Client, partition: Partition, round_: Round) -> _Fate:
    """Read the cursor again: the only way to know whether a commit without a reply was done."""
    fields = ["token", *(f"position{share.feed.source.suffix}" for share in round_.shares)]
    token, *found = await client.ask("HMGET", partition.cursor, *fields)
    if token != round_.token.encode():
        return _Fate.NOT_OURS
    positions = [(position or START.encode()).decode() for position in found]
    if positions == [share.position for share in round_.shares]:
        return _Fate.DONE
    previous = [share.previous for share in round_.shares]
    return _Fate.NOT_DONE if positions == previous else _Fate.NOT_OURS
