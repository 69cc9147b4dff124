"""Ordinary Faust programs, run by ``faust worker``; all they know of Redis is the broker's URL."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from faust_redis import scripts
from faust_redis.changelog import snapshot_of
from tests.faust_redis.program import Program, append, entries, holders, table
from tests.faust_redis.servers import wait_until

if TYPE_CHECKING:
    from tests.faust_redis.servers import Server, Valkey

WORDS = tuple("the cat sat on a mat while dogs ran far away from all noise".split(" "))  # noqa: SIM905


def produce_lines(valkey: Valkey, count: int, seed: int) -> Counter[str]:
    """Append lines; how often each word is in them."""
    rng = random.Random(seed)
    expected: Counter[str] = Counter()
    for number in range(count):
        line = rng.choices(WORDS, k=4)
        expected.update(line)
        append(valkey, "lines", number % 8, " ".join(line))
    return expected


each_number_of_workers = pytest.mark.parametrize("workers", [1, 2, 4])


@each_number_of_workers
def test_words_are_counted_exactly_by_any_number_of_workers(
    any_server: Server, workers: int
) -> None:
    with any_server.client() as valkey, Program("word_count", any_server.url) as program:
        program.start(workers)
        wait_until(lambda: len(holders(valkey, "words", 8)) == workers, 60)
        expected = produce_lines(valkey, 500, workers)

        wait_until(lambda: table(valkey, "words-counts", 8).total() >= expected.total(), 60)
        shares = holders(valkey, "words", 8).values()

        assert program.stop() == [0] * workers
        assert table(valkey, "words-counts", 8) == expected
        assert set(shares) == {8 // workers}


@each_number_of_workers
def test_views_are_grouped_by_page_and_a_memory_table_is_rebuilt_from_its_changelog(
    any_server: Server, workers: int
) -> None:
    with any_server.client() as valkey, Program("page_views", any_server.url) as program:
        expected: Counter[str] = Counter()
        for turn, count in ((1, workers), (2, 1)):
            program.start(count)
            wait_until(lambda: len(holders(valkey, "views", 4)) == count, 90)  # noqa: B023
            for number in range(100):
                page = f"/{number % 7}"
                expected[page] += 1
                append(valkey, "views", number % 4, {"page": page, "user": f"u{number % 9}"})
            wait_until(lambda: newest(valkey).total() >= 100 * turn, 60)  # noqa: B023
            assert set(program.stop()) == {0}

        assert newest(valkey) == expected
        assert table(valkey, "views-by_page", 4) == {}


def newest(valkey: Valkey) -> Counter[str]:
    """A table as its changelog tells it."""
    found: Counter[str] = Counter()
    for fields in entries(valkey, "views-by_page-changelog", 4):
        found[fields[b"k"].decode().strip('"')] = int(fields[b"e"])
    return found


@each_number_of_workers
def test_windows_keep_their_keys_when_another_worker_goes_on(
    any_server: Server, workers: int
) -> None:
    with any_server.client() as valkey, Program("windows", any_server.url) as program:
        for turn, count in ((1, workers), (2, 1)):
            program.start(count)
            wait_until(lambda: len(holders(valkey, "windows", 4)) == count, 90)  # noqa: B023
            for second in (1, 5, 9, 11):
                append(valkey, "payments", 0, 2.5, k="ann", t=str(1_800_000_000 + second))
            wait_until(lambda: len(seen_by(valkey)) == 4 * turn, 60)  # noqa: B023
            assert set(program.stop()) == {0}

        assert seen_by(valkey) == [2.5, 5.0, 7.5, 2.5, 10.0, 12.5, 15.0, 5.0]
        assert len(valkey.hgetall("p:{0}:windows-sums")) == 2


def seen_by(valkey: Valkey) -> list[float]:
    """What the windows held, payment by payment."""
    import json  # noqa: PLC0415

    return list(json.loads(valkey.hget("p:{0}:windows-seen", '"ann"') or "[]"))


@each_number_of_workers
def test_questions_are_answered_and_every_agent_of_a_topic_sees_every_record(
    any_server: Server, workers: int
) -> None:
    with any_server.client() as valkey, Program("answers", any_server.url) as program:
        program.start(workers)
        wait_until(lambda: len(holders(valkey, "answers", 4)) == workers, 90)
        asked, joined, mapped = program.run("asker.py")
        append(valkey, "numbers", 2, 13)
        append(valkey, "numbers", 2, 14)
        squares = [49, *(n * n for n in range(10)), 9, 16, 196]
        wait_until(lambda: table(valkey, "answers-totals", 4)["squares"] >= sum(squares), 60)
        wait_until(lambda: len(entries(valkey, "dead", 4)) == 1)
        wait_until(lambda: len(said_by(valkey, "p:{2}:ticks")) == workers)
        leaders = said_by(valkey, "p:{0}:ticks")
        program.stop()

        assert (asked, joined, mapped) == (49, [n * n for n in range(10)], [9, 16])
        assert sorted(int(f[b"e"]) for f in entries(valkey, "squared", 4)) == sorted(squares)
        # 0 to 8 without the odd ones, 4 and 14; 13 was set aside for every agent.
        assert table(valkey, "answers-evens", 4)["even"] == 7
        assert len([f for _, f in valkey.xrange("p:{1}:ticks") if b"squared" in f[b"e"]]) == 14
        assert len(leaders) == 1
        assert valkey.keys("*f-reply*") == []


@pytest.mark.parametrize(("workers", "partitions"), [(1, 1), (1, 4), (2, 4)])
def test_an_agent_that_asks_another_is_answered_and_counts_once_across_a_kill(
    server: Server, workers: int, partitions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTITIONS", str(partitions))
    with server.client() as valkey, Program("askers", server.url) as program:
        program.start(workers)
        wait_until(lambda: len(holders(valkey, "askers", partitions)) == workers, 60)
        for number in range(200):
            append(valkey, "numbers", number % partitions, number)
        wait_until(lambda: len(entries(valkey, "out", partitions)) >= 40, 60)
        program.workers[0].kill()
        program.start()
        wait_until(lambda: len(entries(valkey, "out", partitions)) >= 200, 60)
        assert program.stop()[1:] == [0] * workers

        sums = [int(fields[b"e"]) for fields in entries(valkey, "out", partitions)]
        counted = table(valkey, "askers-counts", partitions)
        asked = len(entries(valkey, "askers-askers.double", partitions))
        assert sorted(sums) == [6 * number + 6 for number in range(200)]
        assert (counted["numbers"], counted["sums"]) == (200, 200)
        # Every question is answered; a number handed out again is asked about again.
        assert 600 <= counted["answers"] <= asked


def said_by(valkey: Valkey, stream: str) -> set[bytes]:
    """What timers have sent, each with the id of its process."""
    return {fields[b"e"] for _, fields in valkey.xrange(stream)}


def test_a_record_that_raises_is_set_aside_without_a_trace_in_tables_and_topics(
    any_server: Server,
) -> None:
    with any_server.client() as valkey, Program("deadly", any_server.url) as program:
        for job in ("a", "raise", "b", "a"):
            append(valkey, "jobs", 0, job, k="key", h_trace="id")
        append(valkey, "jobs", 1, "c")
        valkey.xadd("p:{1}:jobs", {"e": b"not json"})
        program.start()
        wait_until(lambda: table(valkey, "deadly-done", 2).total() >= 4, 60)
        wait_until(lambda: len(entries(valkey, "dead", 2)) == 2)
        program.stop()

        raised, unread = entries(valkey, "dead", 2)
        assert table(valkey, "deadly-done", 2) == Counter(a=2, b=1, c=1)
        assert sorted(f[b"e"] for f in entries(valkey, "out", 1)) == [
            b'"a"',
            b'"a"',
            b'"b"',
            b'"c"',
        ]
        assert raised[b"raw"] == b'"raise"'
        assert raised[b"error"] == b"told to"
        assert raised[b"error_class"] == b"builtins.ValueError"
        assert raised[b"attempts"] == b"1"
        assert raised[b"topic"] == b"jobs"
        assert len(raised[b"traceback"]) == 16
        assert (raised[b"k"], raised[b"h:trace"]) == (b"key", b"id")
        assert (unread[b"raw"], unread[b"reason"]) == (b"not json", b"cannot be read")


@pytest.mark.parametrize("word", [{"t": b"notanumber"}, {b"h:\xff": b"1"}])
def test_a_foreign_record_with_an_unreadable_word_is_set_aside(
    server: Server, word: dict[str | bytes, bytes]
) -> None:
    with server.client() as valkey, Program("deadly", server.url) as program:
        append(valkey, "jobs", 0, "a")
        valkey.xadd("p:{0}:jobs", {"e": b'"bad"', **word})
        append(valkey, "jobs", 0, "b")
        program.start()
        wait_until(lambda: table(valkey, "deadly-done", 2) == Counter(a=1, b=1), 60)
        wait_until(lambda: len(entries(valkey, "dead", 2)) == 1)
        assert program.stop() == [0]

        ((letter),) = entries(valkey, "dead", 2)
        assert letter[b"raw"] == b'"bad"'
        assert letter[b"reason"] == b"cannot be read"


def test_of_many_records_half_raise_and_each_is_settled_once_across_a_kill(server: Server) -> None:
    numbers = range(1000)
    bad = {number for number in numbers if number % 2 or number % 10 == 4}
    with server.client() as valkey, Program("half_bad", server.url) as program:
        for number in numbers:
            append(valkey, "numbers", 0, number)
            append(valkey, "others", 0, number)
        program.start()
        wait_until(lambda: valkey.xlen("p:{0}:dead") >= 100, 60)
        program.workers[0].kill()
        program.start()
        wait_until(lambda: table(valkey, "half_bad-good", 1)["numbers"] >= 1000 - len(bad), 60)
        wait_until(lambda: valkey.xlen("p:{0}:dead") >= len(bad), 60)
        wait_until(lambda: table(valkey, "half_bad-good", 1)["others"] >= 1000, 60)
        assert program.workers[1].poll() is None
        program.stop()

        letters = entries(valkey, "dead", 1)
        sent = [int(fields[b"e"]) for fields in entries(valkey, "out", 1)]
        assert sorted(int(letter[b"raw"]) for letter in letters) == sorted(bad)
        assert sent == sorted(set(numbers) - bad)
        assert table(valkey, "half_bad-good", 1) == Counter(numbers=len(sent), others=1000)
        assert table(valkey, "half_bad-seen", 1) == Counter(numbers=len(sent))


def test_a_record_that_kills_three_workers_is_set_aside_unprocessed(any_server: Server) -> None:
    with (
        any_server.client() as valkey,
        Program("deadly", any_server.url, lease_s=0.5) as program,
    ):
        for job in ("a", "kill", "b"):
            append(valkey, "jobs", 0, job)
        # Just after a start of the server, who is not connected is not taken for dead.
        wait_until(lambda: valkey.info("server")["uptime_in_seconds"] >= 2)

        for _ in range(3):
            program.start()
            assert program.workers[-1].wait(timeout=60) < 0
        program.start()
        wait_until(lambda: table(valkey, "deadly-done", 2) == Counter(a=1, b=1), 60)
        program.stop()

        ((letter),) = entries(valkey, "dead", 2)
        assert letter[b"raw"] == b'"kill"'
        assert letter[b"reason"] == b"killed its worker"
        assert letter[b"attempts"] == b"3"


def test_two_apps_with_one_id_and_different_topics_are_refused(any_server: Server) -> None:
    with (
        any_server.client() as valkey,
        Program("word_count", any_server.url) as program,
        Program("other_words", any_server.url) as other,
    ):
        program.start()
        wait_until(lambda: len(holders(valkey, "words", 8)) == 1, 60)

        other.start()

        assert other.workers[0].wait(timeout=60) != 0
        assert "give one of them another id" in other.said()


@pytest.mark.parametrize(
    ("workers", "store"), [(1, "redis"), (2, "memory"), (4, "redis"), (4, "memory")]
)
def test_a_global_table_is_the_same_to_every_worker_and_outlives_them(
    server: Server, workers: int, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE", f"{store}://")
    with server.client() as valkey, Program("rates", server.url) as program:
        program.start(workers)
        wait_until(lambda: len(holders(valkey, "rates", 4)) == workers, 90)
        for currency, rate in (("eur", 1.5), ("usd", 2.0), ("eur", 3.0)):
            append(valkey, "news", 1, rate, k=currency)
        seen_everywhere(valkey, "eur", 3.0, ["eur", "usd"])
        append(valkey, "news", 1, 0.0, k="eur")
        seen_everywhere(valkey, "eur", None, ["usd"])
        append(valkey, "news", 3, 4.0, k="eur")
        seen_everywhere(valkey, "eur", 4.0, ["eur", "usd"])
        # Two rates of one currency in one round are one entry: its commit tells the last one.
        told = [valkey.xlen(f"p:{{{number}}}:rates-rates-changelog") for number in range(4)]
        moved = [fold_changelog(valkey, number) for number in range(4)]
        seen_everywhere(valkey, "eur", 4.0, ["eur", "usd"])
        assert program.stop() == [0] * workers

        program.start()
        seen_everywhere(valkey, "eur", 4.0, ["eur", "usd"])
        program.stop()

        assert moved == told
        assert [count > 0 for count in told] == [False, True, False, True]
        assert valkey.xlen("p:{1}:rates-rates-changelog") == 0


def fold_changelog(valkey: Valkey, partition: int) -> int:
    """Do at once what the owner of a partition does after a minute."""
    cursor, changelog = (
        f"p:{{{partition}}}:cursor:rates",
        f"p:{{{partition}}}:rates-rates-changelog",
    )
    token = valkey.hget(cursor, "token")
    keys = [cursor, changelog, snapshot_of(changelog)]
    return int(valkey.eval(scripts.FOLD.text, len(keys), *keys, token, 1000, 0, 1))


def seen_everywhere(valkey: Valkey, currency: str, rate: float | None, known: list[str]) -> None:
    """Return once orders in every partition are converted by this rate."""
    import json  # noqa: PLC0415

    def told() -> bool:
        before = len(entries(valkey, "converted", 1))
        for partition in range(4):
            append(valkey, "orders", partition, 1.0, k=currency)
        wait_until(lambda: len(entries(valkey, "converted", 1)) == before + 4, 60)
        newest = [json.loads(fields[b"e"]) for fields in entries(valkey, "converted", 1)[before:]]
        # An ordinary table is a mapping with all that mappings have.
        assert all(order["last"] == [[currency], [1.0], 1.0, 0] for order in newest)
        return all((order["rate"], order["known"]) == (rate, known) for order in newest)

    wait_until(told, 60)
