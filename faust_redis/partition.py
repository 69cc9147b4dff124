"""What a worker knows of one partition: pure bookkeeping, no input or output."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from faust_redis.batch import DELIVERED, FINISHED, STARTED, Batch, records_of
from faust_redis.positions import START
from faust_redis.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faust_redis.keys import Keyspace

MOST_UNCOMMITTED = 2
"""Batches read ahead of the cursor: one in the agent's hands and one waiting or being committed."""


class Partition:
    """One partition's owner token, cursor and the batches between reading and commit."""

    def __init__(self, number: int, app: str, topic: str, keyspace: Keyspace) -> None:
        self.number = number
        self.stream = keyspace.of(number, topic)
        self.cursor = keyspace.cursor(number, app)
        self._app = app
        self._keyspace = keyspace
        self.token = ""
        self.last_token = ""
        self.epoch = 1
        self.generation = 0
        self.position = START
        self.read_to = START
        self.renewed_s = 0.0
        self.committing = False
        self.uncommitted: deque[Batch] = deque()
        self.views: dict[str, dict[bytes, bytes]] = {}

    def table(self, name: str) -> str:
        """The key of a table's hash."""
        return self._keyspace.of(self.number, name)

    @property
    def owned(self) -> bool:
        """True while we hold the token, as far as we know."""
        return bool(self.token)

    @property
    def wants_records(self) -> bool:
        """True when more may be read: it is ours and not too much waits for its commit."""
        return bool(self.token) and len(self.uncommitted) < MOST_UNCOMMITTED

    @property
    def busy(self) -> bool:
        """True while an agent holds a batch or a finished one waits for its commit."""
        return self.committing or any(b.state != DELIVERED for b in self.uncommitted)

    def take_over(
        self, token: str, position: str, epoch: int, views: Mapping[str, dict[bytes, bytes]]
    ) -> None:
        """Begin a new generation at a position, with freshly loaded tables."""
        self.token = self.last_token = token
        self.epoch = epoch
        self.generation += 1
        self.position = self.read_to = position
        self.views = dict(views)

    def drop(self) -> None:
        """Forget the token and all that is not committed; batches already handed out turn void."""
        self.token = ""
        self.generation += 1
        self.uncommitted.clear()
        self.views = {}

    def batch(self, entries: Sequence[Sequence[object]]) -> Batch:
        """Take entries that follow what was read before as the next batch."""
        write = Transaction(self._keyspace, self._app, self.number, self.views)
        batch = Batch(
            self.number,
            self.generation,
            self.epoch,
            self.token,
            self.read_to,
            records_of(entries),
            write,
        )
        self.read_to = batch.position
        self.uncommitted.append(batch)
        return batch

    def current(self, batch: Batch) -> bool:
        """True when the batch still counts: nothing was reloaded since it was read."""
        return batch.generation == self.generation

    def start(self, batch: Batch) -> None:
        """Note that an agent has the batch in hand."""
        batch.state = STARTED

    def finish(self, batch: Batch, now_s: float) -> bool:
        """Note that every agent is done with the batch; True when it still counts."""
        if not self.current(batch):
            return False
        batch.state = FINISHED
        batch.finished_s = now_s
        return True

    def next_to_commit(self) -> Batch | None:
        """The oldest batch, if it is finished and no commit is on its way."""
        if self.committing or not self.uncommitted:
            return None
        head = self.uncommitted[0]
        return head if head.state == FINISHED else None

    def committed(self, batch: Batch) -> None:
        """Note that the cursor stands at the batch's end."""
        self.uncommitted.popleft()
        self.position = batch.position
