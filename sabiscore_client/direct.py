"""Reads from Redis itself: the key of a match, and the streams of changes."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Self

import msgspec
import redis

from sabiscore_client.selection import EVERYTHING, Forecasts, Newest
from schemas import keys
from schemas.errors import ServerError
from schemas.forecast import Forecast, decode_forecast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sabiscore_client.selection import Selection

PAUSE_S = 1.0
BLOCK_MS = 1_000
CHUNK = 500
_GLOB = re.compile(r"([*?\[\]\\])")


class DirectReader:
    """A :class:`~sabiscore_client.reader.Reader` of one namespace in Redis."""

    def __init__(self, url: str, *, namespace: str = keys.LIVE) -> None:
        self._redis = redis.Redis.from_url(url, protocol=2)
        self._namespace = namespace
        self._prefix = keys.prediction_prefix(namespace)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._redis.close()

    def get(self, match_id: str) -> Forecast | None:
        """See :meth:`Reader.get`."""
        try:
            raw: Any = self._redis.get(self._prefix + match_id)
        except redis.RedisError as error:
            raise _away(error) from error
        return None if raw is None else _decoded(match_id, raw)

    def list(self, selection: Selection | None = None) -> Forecasts:
        """See :meth:`Reader.list`; without ids it reads every key there is."""
        try:
            return self._read_all(selection or EVERYTHING)
        except redis.RedisError as error:
            raise _away(error) from error

    def follow(self, selection: Selection | None = None) -> Iterator[Forecast]:
        """See :meth:`Reader.follow`."""
        wanted, newest = selection or EVERYTHING, Newest()
        while True:
            try:
                # Positions first: what changes while the keys are read is then told again.
                positions = self._positions()
                yield from newest.pass_on(self._read_all(wanted))
                while True:
                    for forecast in self._changes(positions):
                        if wanted.has(forecast):
                            yield from newest.pass_on([forecast])
            except redis.ResponseError as error:
                raise ServerError(f"Redis refused to be read: {error}") from error
            except redis.RedisError:
                time.sleep(PAUSE_S)

    def _read_all(self, selection: Selection) -> Forecasts:
        if selection.matches is not None:
            names = [(self._prefix + match_id).encode() for match_id in selection.matches]
        else:
            pattern = _GLOB.sub(r"\\\1", self._prefix) + "*"
            names = list(set(self._redis.scan_iter(match=pattern, count=CHUNK)))
        found = []
        for start in range(0, len(names), CHUNK):
            chunk = names[start : start + CHUNK]
            bodies: Any = self._redis.mget(chunk)
            found += [
                _decoded(name.decode(errors="replace"), raw)
                for name, raw in zip(chunk, bodies, strict=True)
                if raw is not None
            ]
        chosen = filter(selection.has, found)
        return sorted(chosen, key=lambda forecast: (forecast.kick_off, forecast.match_id))

    def _positions(self) -> dict[bytes, bytes]:
        """The streams of changes of all partitions, and the last entry of each."""
        count: Any = self._redis.get(f"{self._namespace}:partitions")
        if count is None:
            msg = f"nothing was ever published in the namespace {self._namespace} of this Redis"
            raise ServerError(msg)
        positions = {}
        for partition in range(int(count)):
            name = keys.stream(self._namespace, partition, keys.CHANGES).encode()
            last: Any = self._redis.xrevrange(name, count=1)
            positions[name] = last[0][0] if last else b"0-0"
        return positions

    def _changes(self, positions: dict[bytes, bytes]) -> Iterator[Forecast]:
        """Wait for what comes after *positions*, and move them."""
        streams: Any = positions
        reply: Any = self._redis.xread(streams, count=CHUNK, block=BLOCK_MS)
        for name, entries in reply:
            for entry_id, fields in entries:
                positions[name] = entry_id
                try:
                    yield decode_forecast(fields.get(b"e", b""))
                except msgspec.DecodeError:
                    continue  # of a newer program, perhaps; its key can still be read


def _decoded(name: str, raw: bytes) -> Forecast:
    """The forecast under a key.

    Raises:
        ServerError: When it is something else.
    """
    try:
        return decode_forecast(raw)
    except msgspec.DecodeError as error:
        msg = f"what Redis holds of {name} cannot be read ({error}): is it of this version?"
        raise ServerError(msg) from error


def _away(error: redis.RedisError) -> ServerError:
    return ServerError(f"Redis does not answer ({error}): is it running?")
