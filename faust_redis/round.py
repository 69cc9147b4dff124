"""A round: what one partition hands out at a time, and commits as one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faust_redis.batch import Batch
    from faust_redis.feed import Entry, Feed
    from faust_redis.message import StreamMessage
    from faust_redis.partition import Partition
    from faust_redis.transaction import Transaction

LONGEST_S = 0.05
"""After this, what no agent has in hand waits for the next round: slow agents commit soon."""


class Share:
    """What a round takes of one feed."""

    __slots__ = ("entries", "feed", "position", "previous")

    def __init__(self, feed: Feed, entries: list[Entry]) -> None:
        self.feed = feed
        self.entries = entries
        self.previous = feed.taken_to
        self.position = feed.taken_to = entries[-1][0].decode()

    def give_back(self, records: int) -> None:
        """Let the last *records* of it wait again."""
        first = len(self.entries) - records
        self.feed.backlog.extendleft(reversed(self.entries[first:]))
        del self.entries[first:]
        self.position = self.entries[-1][0].decode() if self.entries else self.previous
        self.feed.taken_to = self.position


class Round:
    """Records of one partition, of all its topics; done when every agent is done with each."""

    __slots__ = (
        "batch",
        "epoch",
        "finished_s",
        "first",
        "generation",
        "letters",
        "messages",
        "open",
        "partition",
        "pending",
        "sealed",
        "shares",
        "started_s",
        "token",
        "unit",
        "void",
        "write",
    )

    def __init__(self, unit: Partition, write: Transaction) -> None:
        self.unit = unit
        self.partition = unit.number
        self.generation = unit.generation
        self.epoch = unit.epoch
        self.token = unit.token
        self.write = write
        self.shares: list[Share] = []
        self.messages: list[StreamMessage] = []
        self.first: Sequence[StreamMessage] = ()
        """What it began with, before anything was added."""
        self.pending = 0
        """Messages that some agent is not done with."""
        self.batch: Batch | None = None
        self.letters = 0
        self.open = True
        """False once no further message may be begun."""
        self.void = False
        """True once nothing of it counts: it was taken back, or its partition lost."""
        self.sealed = False
        """True once its writes are on their way."""
        self.started_s = 0.0
        self.finished_s = 0.0

    @property
    def live(self) -> bool:
        """True while writes still go with it."""
        return not (self.void or self.sealed)

    @property
    def records(self) -> Sequence[object]:
        """What it holds, for who counts it."""
        return self.batch.records if self.batch is not None else self.messages

    @property
    def in_hand(self) -> bool:
        """True while an agent has one of its messages."""
        return any(message.tracked and not message.acked for message in self.messages)

    @property
    def count(self) -> int:
        """Records, those set aside included."""
        return sum(len(share.entries) for share in self.shares)

    def overdue(self) -> bool:
        """True when it has lasted long enough since its first message was begun."""
        now_s = time.monotonic()
        if not self.started_s:
            self.started_s = now_s
        return now_s - self.started_s > LONGEST_S

    @property
    def grows(self) -> bool:
        """True while agents are not done with what it began with, and might wait for more."""
        return self.live and any(
            message.round is self and not message.acked for message in self.first
        )

    def add(self, feed: Feed, entries: list[Entry]) -> None:
        """Take further records of a topic of which every agent is done with all so far."""
        for share in self.shares:
            if share.feed is feed:
                share.entries += entries
                share.position = feed.taken_to = entries[-1][0].decode()
                return
        # A list of its own: it may be cut.
        self.shares.append(Share(feed, [*entries]))

    def cut(self) -> None:
        """Give back what no agent has begun; what is left is a prefix of each topic."""
        if not self.open or self.letters:
            return
        self.open = False
        begun = [message for message in self.messages if message.tracked or message.acked]
        self.pending -= len(self.messages) - len(begun)
        for message in self.messages:
            if not (message.tracked or message.acked):
                message.round = None
        self.messages = begun
        for share in self.shares:
            kept = sum(1 for message in begun if message.feed is share.feed)
            if share.feed.source.batches and kept:
                continue
            share.give_back(len(share.entries) - kept)

    def begun(self, failed: StreamMessage) -> dict[Feed, int]:
        """By topic, how many records from the first agents have begun; of its own to *failed*."""
        last = {message.feed: message for message in self.messages if message.tracked}
        last[failed.feed] = failed
        return {
            share.feed: len(share.entries)
            if share.feed.source.batches
            else share.entries.index(last[share.feed].entry) + 1
            for share in self.shares
            if share.feed in last
        }

    def take_back(self) -> None:
        """Undo it: tables as before, and every record waiting again."""
        self.void = True
        self.write.rollback()
        for share in self.shares:
            share.give_back(len(share.entries))
