"""How often one address may ask: a bucket of requests each, filled at a steady rate. Pure."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ADDRESSES = 50_000
BURST_S = 2.0
"""What is not asked in this time may be asked at once."""
_NETWORK_BITS = 64
"""A household has so many bits of an IPv6 address; it counts as one."""


class Buckets:
    """One bucket an address; *rate_per_s* 0 lets everything pass."""

    def __init__(self, rate_per_s: float, clock: Callable[[], float]) -> None:
        self._rate_per_s = rate_per_s
        self._most = max(rate_per_s * BURST_S, 1.0)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_s(self, address: str) -> float:
        """Take one request; 0, or the seconds until one may be taken."""
        if not self._rate_per_s:
            return 0.0
        who, now_s = network_of(address), self._clock()
        held, since_s = self._buckets.get(who, (self._most, now_s))
        held = min(self._most, held + (now_s - since_s) * self._rate_per_s)
        if held < 1.0:
            return (1.0 - held) / self._rate_per_s
        if who not in self._buckets and len(self._buckets) >= MOST_ADDRESSES:
            # The one seen first, which has most likely filled up again since.
            del self._buckets[next(iter(self._buckets))]
        self._buckets[who] = (held - 1.0, now_s)
        return 0.0


@lru_cache(maxsize=MOST_ADDRESSES)
def network_of(address: str) -> str:
    """Whom an address stands for: itself, or its /64 where it is IPv6; a name stands for itself."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return address
    if known.ipv4_mapped is not None:  # as a server on every address, [::], sees IPv4
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, _NETWORK_BITS), strict=False))
