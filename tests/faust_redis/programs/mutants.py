# ruff: noqa: ANN001, ANN201, ANN202
# mypy: ignore-errors
"""Ways to be wrong: each takes one guarantee out of the transport, for the tests of the tests."""

import asyncio
import dataclasses
import hashlib

from faust_redis import scripts
from faust_redis.commits import Commit, Outcome
from faust_redis.errors import ServerUnavailableError
from faust_redis.partition import Partition


def _script(text):
    sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return dataclasses.replace(scripts.COMMIT, text=text, sha=sha)


def no_fencing():
    """Commit whoever holds the partition, wherever its cursor stands."""
    text = scripts.COMMIT.text.replace("then return 'FENCED' end", "then end")
    scripts.COMMIT = _script(text.replace("then return 'CONFLICT' end", "then end"))
    Commit.send = lambda _self: None


def _in_two(first, second):
    """Commit in two calls with some time between."""

    async def outcome(self):
        args, keys = self._args, self._keys
        topics = int(args[3])
        head = args[:3]
        positions = [*head, topics, 0, 0, 0, 0, *args[8 : 8 + 4 * topics]]
        state = [*head, 0, *args[4:8], *args[8 + 4 * topics :]]
        calls = {"positions": (keys[:1], positions), "state": (keys, state)}
        for name in (first, second):
            reply = await self._client.run(scripts.COMMIT, *calls[name])
            if reply != b"OK":
                return Outcome.FENCED
            await asyncio.sleep(0.05)
        return Outcome.COMMITTED

    Commit.send = lambda _self: None
    Commit.outcome = outcome


def position_before_state():
    """Two calls, the position first."""
    _in_two("positions", "state")


def state_before_position():
    """Two calls, the state first."""
    _in_two("state", "positions")


def blind_retry():
    """Send again whatever became of the first."""
    scripts.COMMIT = _script(scripts.COMMIT.text.replace("then return 'CONFLICT' end", "then end"))

    async def outcome(self):
        while True:
            try:
                reply = await self._reply()
            except ServerUnavailableError:
                await self._client.connected()
                continue
            return Outcome.COMMITTED if reply == b"OK" else Outcome.FENCED

    Commit.outcome = outcome


def no_reload():
    """Keep the tables in memory when the position is sought again."""
    take_over, drop = Partition.take_over, Partition.drop

    def keep(self):
        views = self.views
        drop(self)
        self.views = views

    def keep_on(self, token, positions, epoch, views):
        kept = self.views
        take_over(self, token, positions, epoch, kept or views)

    Partition.drop, Partition.take_over = keep, keep_on
