"""The stream clients by what they asked for, so that a change finds them without asking each."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dashboard.mirror import Change
    from dashboard.query import Query


class Subscription:
    """What one client still has to be told: the newest change of each match, never a queue."""

    def __init__(self, query: Query, address: str = "") -> None:
        self.query = query
        self.address = address
        self.closed = False
        self.beat = False
        """Whether the client is to hear that we are there."""
        self.sending_since_s: float | None = None
        self.abort: Callable[[], None] = self.close
        """Ends the connection at once, whatever the client still has to take."""
        self._pending: dict[str, Change] = {}
        self._wake = asyncio.Event()

    def offer(self, change: Change) -> None:
        """Note a change if this client asked for it; it replaces one not yet told."""
        if self.query.concerns(change):
            # Out and in again, so that what is told is in the order of the newest changes.
            self._pending.pop(change.match_id, None)
            self._pending[change.match_id] = change
            self._wake.set()

    def remind(self) -> None:
        """Let the client hear that we are there."""
        self.beat = True
        self._wake.set()

    def close(self) -> None:
        """End: the client is told nothing more."""
        self.closed = True
        self._wake.set()

    async def take(self) -> list[Change]:
        """Wait until there is something to tell, and take all of it; empty when closed."""
        await self._wake.wait()
        if self.closed:
            return []
        self._wake.clear()
        changes = list(self._pending.values())
        self._pending.clear()
        return changes


class Audience:
    """Subscriptions by match, by competition, and those that want to hear of everything."""

    def __init__(self) -> None:
        self._all: dict[Subscription, None] = {}
        self._by_match: dict[str, set[Subscription]] = defaultdict(set)
        self._by_competition: dict[str, set[Subscription]] = defaultdict(set)
        self._rest: set[Subscription] = set()
        self._addresses: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._all)

    def at(self, address: str) -> int:
        """How many clients follow from an address."""
        return self._addresses[address]

    def addresses(self) -> list[tuple[str, int]]:
        """Addresses and how many clients follow from each, most first."""
        return self._addresses.most_common()

    def add(self, subscription: Subscription) -> None:
        """Let a client hear of changes from now on."""
        self._all[subscription] = None
        self._addresses[subscription.address] += 1
        query = subscription.query
        for match_id in query.match_ids or ():
            self._by_match[match_id].add(subscription)
        if query.match_ids is None and query.competition is not None:
            self._by_competition[query.competition].add(subscription)
        elif query.match_ids is None:
            self._rest.add(subscription)

    def discard(self, subscription: Subscription) -> None:
        """Forget a client, if it is there."""
        if subscription not in self._all:
            return
        del self._all[subscription]
        self._addresses[subscription.address] -= 1
        if not self._addresses[subscription.address]:
            del self._addresses[subscription.address]
        self._rest.discard(subscription)
        query = subscription.query
        _leave(self._by_match, query.match_ids or (), subscription)
        _leave(self._by_competition, [query.competition or ""], subscription)

    def tell(self, change: Change) -> None:
        """Offer a change to whoever may have asked for it."""
        some = change.now or change.before
        for subscription in self._by_match.get(change.match_id, ()):
            subscription.offer(change)
        if some is not None:
            for subscription in self._by_competition.get(some.head.competition, ()):
                subscription.offer(change)
        for subscription in self._rest:
            subscription.offer(change)


def _leave(
    places: dict[str, set[Subscription]], names: Iterable[str], subscription: Subscription
) -> None:
    for name in names:
        if name in places:
            places[name].discard(subscription)
            if not places[name]:
                del places[name]
