"""Who leads: a lease on the server's clock, held by one token at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    import redis

# Take the lease if it is free or ours. KEYS lease   ARGV token, lease in ms
_TAKE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
# Give the lease back if it is ours. KEYS lease   ARGV token
_GIVE_BACK = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""


class Lease:
    """A lease that one of several processes holds; it ends by itself when its holder dies.

    A holder that was away may believe for a moment that it still leads: what leaders write must be
    the same whoever writes it.
    """

    def __init__(self, client: redis.Redis, key: str, lease_s: float) -> None:
        self._take = client.register_script(_TAKE)
        self._give_back = client.register_script(_GIVE_BACK)
        self._key = key
        self._lease_ms = round(lease_s * 1000)
        self._token = uuid4().hex

    def take(self) -> bool:
        """Take or lengthen the lease; false while another holds it."""
        return bool(self._take(keys=[self._key], args=[self._token, self._lease_ms]))

    def give_back(self) -> None:
        """Let another lead at once."""
        self._give_back(keys=[self._key], args=[self._token])
