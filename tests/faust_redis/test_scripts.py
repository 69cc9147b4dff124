"""The contract of every Lua script, checked on a real server from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis

from faust_redis import scripts
from faust_redis.batch import Record
from faust_redis.keys import Keyspace
from faust_redis.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faust_redis.servers import Server, Valkey

CURSOR = "t:{0}:cursor:app"
ACQUIRED = [b"OK", b"1", b"", b"", b"0", b"0-0", b"0", b"0-0"]


def evaluate(valkey: Valkey, script: scripts.Script, keys: list[str], *args: Any) -> Any:
    """The reply of a script."""
    return valkey.eval(script.text, len(keys), *keys, *args)


def acquire(
    valkey: Valkey,
    token: str,
    last: str = "",
    lease_ms: int = 60_000,
    late: tuple[str, int] = ("", 0),
) -> Any:
    """Take partition 0; *late*: a holder's token that was looked for, and 1 if it is gone."""
    args = (token, last, lease_ms, "worker", 1, 1, "", "", "", *late)
    return evaluate(valkey, scripts.ACQUIRE, [CURSOR], *args)


def arguments(
    write: Transaction,
    token: str = "me",  # noqa: S107
    expected: str = "0-0",
    position: str = "5-0",
) -> list[Any]:
    """A commit of three records of the one topic without a suffix."""
    topic = ("", expected, position, 3)
    return [token, 60_000, 0, 1, *write.counts(), *topic, *write.args()]


def commit(
    valkey: Valkey,
    write: Transaction | None = None,
    *,
    token: str = "me",  # noqa: S107
    expected: str = "0-0",
    position: str = "5-0",
) -> Any:
    """Commit a transaction to partition 0."""
    write = write or transaction()
    args = arguments(write, token, expected, position)
    return evaluate(valkey, scripts.COMMIT, [CURSOR, *write.keys()], *args)


def transaction() -> Transaction:
    """An empty transaction of partition 0."""
    return Transaction(Keyspace("t"), "app", 0, {})


def everything(size: int = 2) -> Transaction:
    """A transaction with all kinds of writes, *size* of each."""
    write = transaction()
    for number in range(size):
        write.put("state", b"f%d" % number, b"v%d" % number)
        write.put("other", b"f%d" % number, b"")
        write.remove("other", b"gone%d" % number)
        write.append("changes", b"c%d" % number)
        write.append("audit", b"a%d" % number)
        write.set(f"pred:{number}", b"p%d" % number)
        write.dead(Record(f"{number}-0", b"raw%d" % number), "why", "how")
    return write


def snapshot(valkey: Valkey) -> dict[bytes, bytes | None]:
    """Every key with its whole content."""
    return {key: valkey.dump(key) for key in valkey.keys("*")}


def test_a_free_partition_is_taken_and_a_held_one_is_not(valkey: Valkey) -> None:
    assert acquire(valkey, "me") == ACQUIRED

    status, left_ms, holder = acquire(valkey, "you")

    assert (status, holder) == (b"HELD", b"me")
    assert 0 < int(left_ms) <= 60_000


def test_a_partition_is_taken_again_with_the_last_token_or_the_same_one(
    valkey: Valkey,
) -> None:
    acquire(valkey, "me")

    assert acquire(valkey, "me") == ACQUIRED
    assert acquire(valkey, "me-again", "me") == ACQUIRED
    assert commit(valkey, token="me") == b"FENCED"


def test_a_released_or_expired_partition_is_free(valkey: Valkey) -> None:
    acquire(valkey, "me")
    assert evaluate(valkey, scripts.RELEASE, [CURSOR], "not-me") == b"FENCED"
    assert evaluate(valkey, scripts.RELEASE, [CURSOR], "me") == b"OK"
    assert acquire(valkey, "you") == ACQUIRED

    valkey.hset(CURSOR, "lease_until_ms", "1")

    assert acquire(valkey, "they", late=("you", 0)) == ACQUIRED


def test_only_a_holder_that_is_gone_makes_its_records_suspect(valkey: Valkey) -> None:
    acquire(valkey, "me")
    valkey.hset(CURSOR, mapping={"lease_until_ms": "1", "trying": "events 5-0"})

    asked = acquire(valkey, "you")
    other = acquire(valkey, "you", late=("somebody", 1))
    slow = acquire(valkey, "you", late=("me", 0))
    valkey.hset(CURSOR, "lease_until_ms", "1")
    gone = acquire(valkey, "they", late=("you", 1))

    assert asked == other == [b"LATE", b"me", b"worker"]
    assert slow[2:5] == [b"", b"events 5-0", b"0"]
    assert gone[2:5] == [b"1", b"events 5-0", b"1"]


def test_a_lease_is_renewed_only_by_its_token_at_its_position(valkey: Valkey) -> None:
    acquire(valkey, "me", lease_ms=1000)
    before_ms = int(valkey.hget(CURSOR, "lease_until_ms"))

    replies = [
        evaluate(valkey, scripts.RENEW, [CURSOR], *args)
        for args in (
            ("you", 9000, "", "", "0-0"),
            ("me", 9000, "", "", "1-0"),
            ("me", 9000, "", "", "0-0"),
        )
    ]

    assert replies == [b"FENCED", b"CONFLICT", b"OK"]
    assert int(valkey.hget(CURSOR, "lease_until_ms")) >= before_ms + 8000


def test_a_start_position_from_outside_moves_the_cursor(valkey: Valkey) -> None:
    args = ("me", "", 1000, "worker", 1, 1, "", "7-3", "")
    reply = evaluate(valkey, scripts.ACQUIRE, [CURSOR], *args)

    assert reply == [b"OK", b"1", b"", b"", b"0", b"7-3", b"0", b"0-0"]
    assert valkey.hget(CURSOR, "position") == b"7-3"


def test_a_cursor_that_went_back_begins_a_new_history(valkey: Valkey) -> None:
    acquire(valkey, "me")

    args = ("again", "me", 1000, "worker", 3, 1, "", "", "9-0")
    reply = evaluate(valkey, scripts.ACQUIRE, [CURSOR], *args)

    assert reply[:2] == [b"OK", b"4"]
    assert valkey.hget(CURSOR, "epoch") == b"4"


def test_a_sender_that_asks_again_gets_the_same_positions(valkey: Valkey) -> None:
    keys = ["t:{0}:words", "t:{0}:sender:words:me"]

    first = evaluate(valkey, scripts.SEND, keys, 7, 60_000, 2, 2, "e", "a", 4, "e", "b", "k", "c")
    again = evaluate(valkey, scripts.SEND, keys, 7, 60_000, 2, 2, "e", "a", 4, "e", "b", "k", "c")

    assert again == first
    assert [fields for _, fields in valkey.xrange(keys[0])] == [
        {b"e": b"a"},
        {b"e": b"b", b"k": b"c"},
    ]


def test_a_group_tells_who_is_there_and_who_owns_what(valkey: Valkey) -> None:
    acquire(valkey, "me")
    keys = ["t:members:app", "t:reads:app", CURSOR, "t:{1}:cursor:app"]

    alone = evaluate(valkey, scripts.HEARTBEAT, keys, "worker", 60_000, "[]")
    both = evaluate(valkey, scripts.HEARTBEAT, keys, "other", 60_000, "[]")
    odd = evaluate(valkey, scripts.HEARTBEAT, keys, "odd", 60_000, '["else"]')
    valkey.zadd("t:members:app", {"worker": 1})
    later = evaluate(valkey, scripts.HEARTBEAT, keys, "other", 60_000, "[]")

    assert alone == [b"NEW", b"worker", b"", b"worker", b""]
    assert sorted(both[1:3]) == [b"other", b"worker"]
    assert odd == [b"DIFFERENT", b"[]"]
    assert later == [b"OK", b"other", b"", b"worker", b""]


def test_a_commit_writes_all_of_it_and_the_position(valkey: Valkey) -> None:
    acquire(valkey, "me")
    valkey.hset("t:{0}:other", mapping={"gone0": "x", "gone1": "x", "stays": "x"})

    assert commit(valkey, everything()) == b"OK"

    assert valkey.hgetall("t:{0}:state") == {b"f0": b"v0", b"f1": b"v1"}
    assert valkey.hgetall("t:{0}:other") == {b"f0": b"", b"f1": b"", b"stays": b"x"}
    assert [f for _, f in valkey.xrange("t:{0}:changes")] == [{b"e": b"c0"}, {b"e": b"c1"}]
    assert [f for _, f in valkey.xrange("t:{0}:audit")] == [{b"e": b"a0"}, {b"e": b"a1"}]
    assert valkey.mget("pred:0", "pred:1") == [b"p0", b"p1"]
    assert [f[b"raw"] for _, f in valkey.xrange("t:{0}:dead")] == [b"raw0", b"raw1"]
    assert valkey.hmget(CURSOR, "position", "count", "token") == [b"5-0", b"3", b"me"]


def test_a_commit_of_many_thousand_values_fits(valkey: Valkey) -> None:
    acquire(valkey, "me")

    assert commit(valkey, everything(9000)) == b"OK"

    assert valkey.hlen("t:{0}:state") == 9000
    assert valkey.xlen("t:{0}:changes") == 9000


@pytest.mark.parametrize(
    ("stale", "reply"),
    [
        ({"token": "zombie"}, b"FENCED"),
        ({"token": ""}, b"FENCED"),
        ({"expected": "4-0"}, b"CONFLICT"),
    ],
)
def test_a_commit_with_an_old_token_or_position_changes_nothing(
    valkey: Valkey, stale: dict[str, str], reply: bytes
) -> None:
    acquire(valkey, "me")
    before = snapshot(valkey)

    assert commit(valkey, everything(), **stale) == reply

    assert snapshot(valkey) == before


def test_a_commit_after_the_release_is_fenced_even_with_no_token(valkey: Valkey) -> None:
    acquire(valkey, "me")
    evaluate(valkey, scripts.RELEASE, [CURSOR], "me")

    assert commit(valkey, token="") == b"FENCED"
    assert commit(valkey, token="me") == b"FENCED"


def break_table(valkey: Valkey) -> None:
    """Make the second table a string."""
    valkey.set("t:{0}:other", "not a hash")


def break_stream(valkey: Valkey) -> None:
    """Make the second stream a string."""
    valkey.set("t:{0}:audit", "not a stream")


def break_dead(valkey: Valkey) -> None:
    """Make the dead stream a string."""
    valkey.set("t:{0}:dead", "not a stream")


def exhaust_stream(valkey: Valkey) -> None:
    """Take the last id a stream has."""
    valkey.xadd("t:{0}:audit", {"e": "x"}, id="18446744073709551615-18446744073709551615")


@pytest.mark.parametrize("spoil", [break_table, break_stream, break_dead, exhaust_stream])
def test_a_commit_that_would_fail_halfway_is_refused_before_its_first_write(
    valkey: Valkey, spoil: Callable[[Valkey], None]
) -> None:
    acquire(valkey, "me")
    spoil(valkey)
    before = snapshot(valkey)

    with pytest.raises(redis.ResponseError, match=r"WRONGTYPE|last id"):
        commit(valkey, everything())

    assert snapshot(valkey) == before


@pytest.mark.parametrize("surplus", [(["t:{0}:more"], []), ([], ["more"]), (["a"], ["b"])])
def test_a_commit_whose_arguments_do_not_add_up_is_refused(
    valkey: Valkey, surplus: tuple[list[str], list[str]]
) -> None:
    acquire(valkey, "me")
    before, write = snapshot(valkey), everything()
    keys, args = surplus

    with pytest.raises(redis.ResponseError, match="add up"):
        evaluate(
            valkey,
            scripts.COMMIT,
            [CURSOR, *write.keys(), *keys],
            *arguments(write),
            *args,
        )

    assert snapshot(valkey) == before


@pytest.mark.parametrize("index", [1, 3, 4, 5, 11, 12, 16])
@pytest.mark.parametrize("nonsense", ["x", "-1", "1.5", ""])
def test_a_commit_with_a_count_that_is_no_number_is_refused(
    valkey: Valkey, index: int, nonsense: str
) -> None:
    acquire(valkey, "me")
    before, write = snapshot(valkey), everything()
    args = arguments(write)
    args[index] = nonsense

    with pytest.raises(redis.ResponseError, match="INVALID"):
        evaluate(valkey, scripts.COMMIT, [CURSOR, *write.keys()], *args)

    assert snapshot(valkey) == before


def test_a_commit_goes_through_at_the_memory_limit_while_publishing_is_refused(
    valkey: Valkey,
) -> None:
    acquire(valkey, "me")
    valkey.config_set("maxmemory", 1)
    publish = (["t:{0}:events", "t:{0}:seen:a", "t:{0}:seen:b"], 1, 0, 10, "", "key", "value")

    with pytest.raises(redis.exceptions.OutOfMemoryError):
        evaluate(valkey, scripts.PUBLISH, *publish)

    assert commit(valkey, everything()) == b"OK"


def test_scripts_declare_every_key_they_touch(server: Server, valkey: Valkey) -> None:
    valkey.execute_command(
        "ACL", "SETUSER", "narrow", "on", ">pw", "+@all", "~t:{0}:*", "~pred:*", "~t:pools"
    )
    narrow = redis.Redis(unix_socket_path=str(server.socket), username="narrow", password="pw")

    with narrow:
        acquire(narrow, "me")
        assert commit(narrow, everything()) == b"OK"
        assert evaluate(narrow, scripts.ASSIGN, ["t:pools"], "england", 8) == 0
