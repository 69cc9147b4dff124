"""Journals: what a server lost is published again, and nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from faust_redis import AsyncPublisher, Journal, Publisher
from tests.faust_redis.counts import words

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faust_redis.servers import Server, Valkey


def test_a_journal_is_published_again_after_the_server_lost_it(
    server: Server, valkey: Valkey, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal")
    with Publisher(server.url, "t", "words", journal=journal) as publish:
        publish.publish(0, words("a", "b"))
        publish.publish(1, words("c"))
        valkey.flushall()
        server.kill()
        server.start()

        publish.publish(0, [(b"new", b'"d"')])

    held = [f[b"e"] for p in (0, 1) for _, f in valkey.xrange(f"t:{{{p}}}:words")]
    assert held == [b'"a"', b'"b"', b'"d"', b'"c"']
    assert [entry.value for entry in journal] == [b'"a"', b'"b"', b'"c"', b'"d"']
    journal.close()


async def test_a_journal_is_published_again_from_asyncio_too(
    server: Server, valkey: Valkey, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal")
    async with AsyncPublisher(server.url, "t", "words", journal=journal) as publish:
        await asyncio.gather(*(publish.publish(0, [(b"%d" % n, b"%d" % n)]) for n in range(20)))
        server.kill()
        (server.folder / "appendonlydir").rename(server.folder / "lost")
        server.start()

        await asyncio.gather(publish.publish(0, [(b"a", b"a")]), publish.publish(1, [(b"b", b"b")]))

    held = [int(f[b"e"]) for _, f in valkey.xrange("t:{0}:words") if f[b"e"] != b"a"]
    assert sorted(held) == list(range(20))
    assert valkey.xlen("t:{0}:words") == 21
    assert valkey.xlen("t:{1}:words") == 1
    assert len(list(journal)) == 22
    journal.close()


def test_a_torn_journal_is_read_up_to_the_tear(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    with Publisher(server.url, "t", "words", journal=journal) as publish:
        publish.publish(0, words("a", "b"))
    journal.close()

    path.write_bytes(path.read_bytes()[:-3])

    again = Journal(path)
    assert [entry.value for entry in again] == [b'"a"']
    again.close()


@pytest.mark.parametrize("torn", [b"", bytes(100), b"\0\0\0\x09not a one"])
def test_what_is_written_after_a_tear_can_be_read(
    server: Server, valkey: Valkey, tmp_path: Path, torn: bytes
) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    with Publisher(server.url, "t", "words", journal=journal) as publish:
        publish.publish(0, words("a", "b"))
    journal.close()
    path.write_bytes(path.read_bytes()[: -3 if not torn else None] + torn)

    journal = Journal(path)
    with Publisher(server.url, "t", "words", journal=journal) as publish:
        publish.publish(0, words("a", "b", "c"))
    journal.close()
    valkey.flushall()
    journal = Journal(path)
    with Publisher(server.url, "t", "words", journal=journal) as publish:
        sent = publish.resend()
    journal.close()

    assert sent == 3
    assert [f[b"e"] for _, f in valkey.xrange("t:{0}:words")] == [b'"a"', b'"b"', b'"c"']


@pytest.mark.parametrize("lost", [1, 2, 5, 37, 99])
def test_of_a_journal_only_what_was_lost_is_published_again(
    server: Server, valkey: Valkey, tmp_path: Path, lost: int
) -> None:
    journal = Journal(tmp_path / "journal")
    with Publisher(server.url, "t", "words", journal=journal, remembered=10) as publish:
        for number in range(100):
            publish.publish(0, [(b"%d" % number, b"%d" % number, b"k%d" % number)])
        kept = [entry for entry, _ in valkey.xrange("t:{0}:words")][: 100 - lost]
        # The server goes back in time: neither the records nor their keys are known to it.
        valkey.xtrim("t:{0}:words", maxlen=0)
        valkey.delete("t:{0}:words", "t:{0}:seen:words:a", "t:{0}:seen:words:b")
        for number, entry in enumerate(kept):
            valkey.xadd("t:{0}:words", {"e": b"%d" % number, "k": b"k%d" % number}, id=entry)

        sent = [publish.resend(), publish.resend()]

    held = list(valkey.xrange("t:{0}:words"))
    assert sent == [lost, 0]
    assert [entry for entry, _ in held[: len(kept)]] == kept
    assert [(f[b"e"], f[b"k"]) for _, f in held] == [(b"%d" % n, b"k%d" % n) for n in range(100)]
    assert [entry.position for entry in journal] == [entry.decode() for entry, _ in held]
    journal.close()


def test_what_was_trimmed_to_the_last_record_is_not_published_again(
    server: Server, valkey: Valkey, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal")
    with Publisher(server.url, "t", "words", journal=journal, remembered=1) as publish:
        for number in range(5):
            publish.publish(0, [(b"%d" % number, b"%d" % number)])
        valkey.xtrim("t:{0}:words", maxlen=0)

        sent = publish.resend()

    assert sent == 0
    journal.close()
