"""Which streams are read next: all when there is time to wait, a few in turns under a backlog."""

from __future__ import annotations

from typing import Any

from faust_redis.reader import Reader

NOBODY: Any = None
STREAMS = [b"s%d" % number for number in range(10)]


def test_without_a_backlog_every_stream_is_waited_for_at_once() -> None:
    reader = Reader(NOBODY, NOBODY)

    assert reader.turn(STREAMS, 4) == (STREAMS, True)


def test_in_a_backlog_every_stream_has_its_turn() -> None:
    reader = Reader(NOBODY, NOBODY)
    reader.left_some = True

    turns = [reader.turn(list(STREAMS), 4) for _ in range(5)]

    assert not any(block for _, block in turns)
    assert [len(streams) for streams, _ in turns] == [4] * 5
    assert set(turns[0][0] + turns[1][0] + turns[2][0]) == set(STREAMS)
    assert sorted(s for streams, _ in turns for s in streams) == sorted(STREAMS * 2)


def test_a_backlog_of_few_streams_is_read_as_one() -> None:
    reader = Reader(NOBODY, NOBODY)
    reader.left_some = True

    assert reader.turn(STREAMS, 10) == (STREAMS, True)
