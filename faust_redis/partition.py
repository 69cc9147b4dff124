"""What a worker knows of one partition of the app's topics: bookkeeping, no input or output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

from faust.types.tuples import TP

from faust_redis.batch import Batch, records_of
from faust_redis.delivery import letter_of
from faust_redis.feed import Feed, Source
from faust_redis.message import batch_message, record_message
from faust_redis.round import Round, Share
from faust_redis.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from faust_redis.feed import Entry
    from faust_redis.keys import Keyspace
    from faust_redis.message import StreamMessage


_GOLDEN = 0.6180339887498949
"""Steps of this part of a circle lie apart from one another, however many there are."""


class Partition:
    """One partition number of every topic of the app: owned, loaded and committed as one.

    So what must lie together (topics of one key, and their tables) always does.
    """

    def __init__(self, number: int, app: str, keyspace: Keyspace) -> None:
        self.number = number
        self.cursor = keyspace.cursor(number, app)
        self.rests_until_s = 0.0
        """By the monotonic clock; until then it is not read."""
        self._turn = (number * _GOLDEN + crc32(app.encode()) / 2**32) % 1.0
        self._app = app
        self._keyspace = keyspace
        self.feeds: dict[str, Feed] = {}
        self.token = ""
        self.last_token = ""
        self.epoch = 1
        self.generation = 0
        self.renewed_s = 0.0
        self.leaving = False
        """True while it drains before it is given to another worker."""
        self.one_by_one = 0
        """Records still to be handled one at a time, since the last owner died over one."""
        self.tried = ""
        self.current: Round | None = None
        self.finished: Round | None = None
        """Done, and waiting for the commit before it."""
        self.committing: Round | None = None
        self.views: dict[str, dict[Any, Any]] = {}
        self.letters: dict[tuple[str, bytes], dict[str, Any]] = {}
        """Records that raised, by topic and id, with what their dead letters will say."""
        self.again: dict[Feed, int] = {}
        """After a record raised, how many of each topic the next round is made of."""

    def read(self, sources: Iterable[Source]) -> bool:
        """Add the feeds of sources that are new; whether there were any."""
        known = len(self.feeds)
        for source in sources:
            if source.topic not in self.feeds and self.number < source.partitions:
                stream = self._keyspace.of(self.number, source.topic)
                self.feeds[source.topic] = Feed(source, stream, TP(source.topic, self.number))
        return len(self.feeds) > known

    def table(self, name: str) -> str:
        """The key of a table's hash."""
        return self._keyspace.of(self.number, name)

    @property
    def owned(self) -> bool:
        """True while we hold the token, as far as we know."""
        return bool(self.token)

    @property
    def wants_round(self) -> bool:
        """True when a round could be handed out, and there is something to hand out."""
        if not self.token or self.leaving or self.current or self.finished:
            return False
        for feed in self.feeds.values():  # noqa: SIM110 - asked often, and this is the fastest way
            if feed.backlog:
                return True
        return False

    @property
    def busy(self) -> bool:
        """True while an agent holds something, or what is done waits for its commit."""
        return bool(
            self.committing or self.finished or (self.current is not None and self.current.in_hand)
        )

    def rest(self, now_s: float, rest_s: float) -> None:
        """Rest until its own turn comes, in half to one and a half *rest_s*.

        Partitions, and apps on one machine, take turns, so that they do not all work at once.
        """
        earliest_s = now_s + rest_s / 2
        self.rests_until_s = earliest_s + (self._turn * rest_s - earliest_s) % rest_s

    @property
    def positions(self) -> list[str]:
        """Suffix and committed position of every feed, one after the other."""
        return [
            word for feed in self.feeds.values() for word in (feed.source.suffix, feed.position)
        ]

    def ahead(self, feed: Feed) -> int:
        """Records of a feed that were read and are not known to be committed."""
        rounds = (self.current, self.finished, self.committing)
        taken = [share for round_ in rounds if round_ is not None for share in round_.shares]
        return len(feed.backlog) + sum(len(s.entries) for s in taken if s.feed is feed)

    def take_over(
        self,
        token: str,
        positions: Mapping[str, str],
        epoch: int,
        views: Mapping[str, dict[Any, Any]],
    ) -> None:
        """Begin a new generation at some positions, with freshly loaded tables."""
        self.token = self.last_token = token
        self.epoch = epoch
        self.generation += 1
        self.leaving = False
        self.rests_until_s = 0.0
        self.tried = ""
        for topic, position in positions.items():
            self.feeds[topic].start(position)
        self.views = dict(views)

    def drop(self) -> None:
        """Forget the token and all that is not committed; rounds already handed out turn void."""
        self.token = ""
        self.generation += 1
        for round_ in (self.current, self.finished, self.committing):
            if round_ is not None:
                round_.void = True
        self.current = self.finished = None
        self.again = {}
        for feed in self.feeds.values():
            feed.backlog.clear()
        self.views = {}

    def current_round(self, round_: Round) -> bool:
        """True when the round still counts: nothing was reloaded since it began."""
        return round_.generation == self.generation

    def first_waiting(self) -> tuple[Feed, Entry] | None:
        """The oldest record that waits."""
        waiting = [(feed.backlog[0], feed) for feed in self.feeds.values() if feed.backlog]
        if not waiting:
            return None
        entry, feed = min(waiting, key=lambda pair: _order(pair[0][0]))
        return feed, entry

    def next_round(self, generation_id: int) -> Round | None:
        """Take what waits as the next round."""
        again, self.again = self.again, {}
        shares = self._one_share() if self.one_by_one else self._shares(again)
        if not shares:
            return None
        write = Transaction(self._keyspace, self._app, self.number, self.views)
        self.current = round_ = Round(self, write)
        round_.shares = shares
        for share in shares:
            self._fill(round_, share, generation_id)
        round_.pending = len(round_.messages)
        round_.first = tuple(round_.messages)
        return round_

    def grow(self, generation_id: int) -> Sequence[StreamMessage]:
        """Add what waits of topics with nothing in hand to the round; the messages it got so."""
        round_ = self.current
        if round_ is None or not self.token or not round_.grows:
            return ()
        known = len(round_.messages)
        held = {message.feed for message in round_.messages if not message.acked}
        for feed in self.feeds.values():
            if feed.backlog and feed not in held and not feed.source.batches:
                entries = list(feed.backlog)
                feed.backlog.clear()
                round_.add(feed, entries)
                self._fill_records(round_, feed, entries, generation_id)
        fresh = round_.messages[known:]
        round_.pending += len(fresh)
        return fresh

    def _shares(self, again: Mapping[Feed, int]) -> list[Share]:
        shares = []
        for feed in self.feeds.values():
            if backlog := feed.backlog:
                count = again.get(feed, 0) if again else feed.source.max_records
                if not count:
                    continue
                if len(backlog) <= count:
                    entries = list(backlog)
                    backlog.clear()
                else:
                    entries = [backlog.popleft() for _ in range(count)]
                shares.append(Share(feed, entries))
        return shares

    def _one_share(self) -> list[Share]:
        first = self.first_waiting()
        if first is None:
            return []
        self.one_by_one -= 1
        feed, entry = first
        feed.backlog.popleft()
        return [Share(feed, [entry])]

    def _fill(self, round_: Round, share: Share, generation_id: int) -> None:
        if share.feed.source.batches:
            self._fill_batch(round_, share, generation_id)
        else:
            self._fill_records(round_, share.feed, share.entries, generation_id)

    def _fill_records(
        self, round_: Round, feed: Feed, entries: Iterable[Entry], generation_id: int
    ) -> None:
        for entry in entries:
            letter = self.letters.get((feed.source.topic, entry[0])) if self.letters else None
            if letter is not None:
                self.bury(round_, feed, entry, letter)
                continue
            try:
                message = record_message(entry, feed, round_, generation_id)
            except ValueError as error:
                # Anybody may append: a time that is no number, a header's name that is no text.
                self.bury(round_, feed, entry, letter_of("cannot be read", error, 1))
            else:
                round_.messages.append(message)

    def _fill_batch(self, round_: Round, share: Share, generation_id: int) -> None:
        entries = share.entries
        if self.letters:
            topic = share.feed.source.topic
            for entry in entries:
                if (letter := self.letters.get((topic, entry[0]))) is not None:
                    self.bury(round_, share.feed, entry, letter)
            entries = [entry for entry in entries if (topic, entry[0]) not in self.letters]
            if not entries:
                return
        round_.batch = batch = Batch(
            self.number, self.generation, self.epoch, self.token, share.previous,
            records_of(entries), round_.write,
        )  # fmt: skip
        round_.messages.append(batch_message(batch, share.feed, round_, generation_id))

    def bury(self, round_: Round, feed: Feed, entry: Entry, letter: Mapping[str, Any]) -> None:
        """Commit a dead letter with the round, in place of handing the record out."""
        entry_id, words = entry
        fields = dict(zip(words[::2], words[1::2], strict=True))
        kept = {
            name.decode(errors="backslashreplace"): word
            for name, word in fields.items()
            if name[:2] == b"h:" or name in b"kt"
        }
        # A record without a value has none in its letter either: empty is not the same.
        value = {"raw": fields[b"e"]} if b"e" in fields else {}
        round_.letters += 1
        round_.write.letter(
            {
                **value,
                **letter,
                "position": entry_id,
                "topic": feed.source.topic,
                "app": self._app,
                **kept,
            }
        )

    def committed(self, round_: Round) -> None:
        """Note that the cursor stands at the round's end."""
        for share in round_.shares:
            share.feed.position = share.feed.committed = share.position
            if self.letters:
                for entry in share.entries:
                    self.letters.pop((share.feed.source.topic, entry[0]), None)


def _order(entry_id: bytes) -> tuple[int, int]:
    ms, _, seq = entry_id.partition(b"-")
    return int(ms), int(seq)
