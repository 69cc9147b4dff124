"""Changelogs of tables: a stream of what is new, and a snapshot that older entries went into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faust_redis import scripts

if TYPE_CHECKING:
    from faust_redis.client import Client

FOLD_AFTER_S = 60.0
"""Entries younger than this stay in the stream, for those who follow it."""

_SCAN_COUNT = 2000
_CHUNK = 1000


def snapshot_of(stream: str) -> str:
    """The hash from key to position and value, or to position alone where it was deleted."""
    return f"{stream}:snapshot"


async def scanned(client: Client, key: str) -> dict[bytes, bytes]:
    """A whole hash; a snapshot of it as long as nobody else writes it."""
    found: dict[bytes, bytes] = {}
    cursor: bytes | str = "0"
    while True:
        cursor, flat = await client.call("HSCAN", key, cursor, "COUNT", _SCAN_COUNT)
        found.update(zip(flat[::2], flat[1::2], strict=True))
        if cursor == b"0":
            return found


async def replayed(client: Client, stream: str) -> dict[bytes, bytes]:
    """A table as its changelog tells it: the newest value of each key."""
    view: dict[bytes, bytes] = {}
    for key, told in (await scanned(client, snapshot_of(stream))).items():
        _, there, value = told.partition(b" ")
        if there:
            view[key] = value
    low = "-"
    while True:
        entries = await client.call("XRANGE", stream, low, "+", "COUNT", _CHUNK)
        for _, words in entries:
            fields = dict(zip(words[::2], words[1::2], strict=True))
            if b"e" in fields:
                view[fields[b"k"]] = fields[b"e"]
            else:
                view.pop(fields[b"k"], None)
        if len(entries) < _CHUNK:
            return view
        low = f"({entries[-1][0].decode()}"


async def fold(
    client: Client, cursor: str, token: str, stream: str, *, keep_deleted: bool, age_s: float
) -> int:
    """Move entries of a partition that is ours into the snapshot; how many, a thousand at most.

    Only its owner does: so who loads it, before it is the owner, sees nothing move.
    """
    reply = await client.run(
        scripts.FOLD,
        [cursor, stream, snapshot_of(stream)],
        [token, _CHUNK, round(age_s * 1000), int(keep_deleted)],
    )
    return 0 if reply == b"FENCED" else int(reply)
