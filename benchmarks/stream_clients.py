"""Thousands of clients of the live stream in one process: when each delivery arrived.

``python -m benchmarks.stream_clients PORT CLIENTS`` reads match ids from standard input, one
a line, follows ten of them with each client, says ``ready``, and after one more line writes what it
saw: for each delivery the id of the event that caused it and the monotonic clock in seconds.
"""

from __future__ import annotations

import asyncio
import random
import re
import resource
import sys
import time

import msgspec
import uvloop

FOLLOWED = 10
_AT_ONCE = 100
_CAUSE = re.compile(rb'^event: forecast\r\ndata: .*?"event_id":"([^"]+)"', re.MULTILINE)
_BEAT = b"event: heartbeat"


class Client(asyncio.Protocol):
    """One connection; notes what arrives, and reads no more of it than the cause."""

    def __init__(self, match_ids: list[str], seen: list[tuple[str, float]]) -> None:
        self.following = asyncio.get_running_loop().create_future()
        self.lost = False
        self._match_ids = match_ids
        self._seen = seen
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        matches = ",".join(self._match_ids)
        head = f"GET /v1/stream?match={matches} HTTP/1.1\r\nHost: reads\r\n\r\n"
        transport.write(head.encode())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Note every delivery whose event is whole by now."""
        now_s = time.monotonic()
        if not self.following.done() and _BEAT in data:
            self.following.set_result(None)
        whole, mark, rest = (self._rest + data).rpartition(b"\r\n\r\n")
        self._rest = rest
        if mark:
            self._seen += [(cause.decode(), now_s) for cause in _CAUSE.findall(whole)]

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember that this client was dropped."""
        self.lost = True
        if not self.following.done():
            self.following.set_exception(exc or ConnectionError("refused"))


async def follow(port: int, count: int, match_ids: list[str]) -> None:
    """Follow until the end of input, then tell."""
    loop = asyncio.get_running_loop()
    rng, seen = random.Random(1), list[tuple[str, float]]()
    clients: list[Client] = []
    for start in range(0, count, _AT_ONCE):
        group = [
            Client(rng.sample(match_ids, FOLLOWED), seen)
            for _ in range(min(_AT_ONCE, count - start))
        ]
        for client in group:
            await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
        await asyncio.gather(*[client.following for client in group])
        clients += group
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    lost = sum(client.lost for client in clients)
    sys.stdout.buffer.write(msgspec.json.encode({"lost": lost, "seen": seen}))


def main(port: str, count: str) -> None:
    """Read the match ids and follow them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    match_ids = list(iter(lambda: sys.stdin.readline().strip(), ""))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(follow(int(port), int(count), match_ids))


if __name__ == "__main__":
    main(*sys.argv[1:])
