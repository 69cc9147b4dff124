"""A real worker process on a real Valkey: what it counts is exact, whatever is killed."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import faust_redis
from faust_redis.positions import pack
from tests.faust_redis.counts import assert_exactly_once, owners, publish, total
from tests.faust_redis.proxy import Proxy
from tests.faust_redis.servers import wait_until

if TYPE_CHECKING:
    from tests.faust_redis.conftest import StartWorker
    from tests.faust_redis.servers import Server, Valkey


def test_records_are_counted_once_and_the_worker_stops_politely(
    server: Server, valkey: Valkey, start_worker: StartWorker
) -> None:
    expected = publish(server, 4000)
    worker = start_worker(server.url)

    wait_until(lambda: total(valkey) == 4000)
    code, out, _ = worker.stop()

    assert_exactly_once(valkey, expected)
    assert (code, out) == (0, b"")
    assert valkey.hget("t:{0}:cursor:counter", "token") == b""


def test_a_worker_killed_in_mid_flow_is_continued_by_the_next_with_exact_counts(
    server: Server, valkey: Valkey, start_worker: StartWorker
) -> None:
    expected = publish(server, 6000)

    for share in (1, 2, 3, 4, 5):
        worker = start_worker(server.url, slow_s=0.005, lease_s=0.4)
        wait_until(lambda reached=share * 1000: total(valkey) >= reached)  # type: ignore[misc]
        worker.kill()
    last = start_worker(server.url, lease_s=0.4)
    wait_until(lambda: total(valkey) >= 6000)

    assert last.stop()[0] == 0
    assert_exactly_once(valkey, expected)


def test_an_agent_that_raises_loses_nothing_and_ends_the_worker_with_an_exit_code(
    server: Server, valkey: Valkey, start_worker: StartWorker
) -> None:
    publish(server, 400)
    with faust_redis.Publisher(server.url, "t") as publisher:
        (bad,) = publisher.publish(0, [(b"poison", b"raise")])
    worker = start_worker(server.url)

    code, _, err = worker.wait()

    assert code == 1
    assert bad.encode() in err
    with faust_redis.Publisher(server.url, "t") as publisher:
        assert pack(publisher.committed("counter", 0)) < pack(bad)
        assert publisher.lag("counter", 0) >= 1
    assert valkey.hget("t:{0}:cursor:counter", "token") == b""


def test_commits_whose_replies_are_lost_count_once(
    server: Server, valkey: Valkey, start_worker: StartWorker
) -> None:
    expected = publish(server, 3000)

    with Proxy(server.folder / "p.sock", server.socket) as proxy:
        proxy.lose_replies = 12
        worker = start_worker(server.url_at(proxy.path))
        wait_until(lambda: total(valkey) >= 3000)
        wait_until(lambda: proxy.lose_replies == 0)
        code, _, err = worker.stop()

    assert_exactly_once(valkey, expected)
    assert proxy.lost > 1
    assert b"no reply to a commit" in err
    assert b"fenced" not in err
    assert code == 0


def test_commits_that_never_arrive_are_sent_again(
    server: Server, valkey: Valkey, start_worker: StartWorker
) -> None:
    expected = publish(server, 3000)

    with Proxy(server.folder / "p.sock", server.socket) as proxy:
        proxy.lose_requests = 12
        worker = start_worker(server.url_at(proxy.path))
        wait_until(lambda: total(valkey) >= 3000)
        code, _, err = worker.stop()

    assert_exactly_once(valkey, expected)
    assert b"fenced" not in err
    assert proxy.lost == 12
    assert code == 0


def test_connections_cut_again_and_again_cost_nothing(
    server: Server, valkey: Valkey, start_worker: StartWorker
) -> None:
    expected = publish(server, 6000)

    with Proxy(server.folder / "p.sock", server.socket) as proxy:
        worker = start_worker(server.url_at(proxy.path), slow_s=0.005)
        for share in range(1, 11):
            wait_until(lambda reached=share * 500: total(valkey) >= reached)  # type: ignore[misc]
            proxy.cut()
        wait_until(lambda: total(valkey) >= 6000)
        code, _, _ = worker.stop()

    assert_exactly_once(valkey, expected)
    assert code == 0


def test_a_server_killed_and_started_again_is_taken_up_where_it_was(
    server: Server, valkey: Valkey, start_worker: StartWorker
) -> None:
    expected = publish(server, 6000)
    worker = start_worker(server.url, slow_s=0.005)

    for share in (1, 2, 3):
        wait_until(lambda reached=share * 1500: total(valkey) >= reached)  # type: ignore[misc]
        server.kill()
        time.sleep(0.3)
        server.start()
    wait_until(lambda: total(valkey) >= 6000)
    code, _, _ = worker.stop()

    assert_exactly_once(valkey, expected)
    assert code == 0


def test_a_zombie_that_wakes_after_its_lease_is_fenced_and_changes_nothing(
    server: Server, valkey: Valkey, start_worker: StartWorker
) -> None:
    expected = publish(server, 6000)
    zombie = start_worker(server.url, slow_s=0.01, lease_s=0.4)
    wait_until(lambda: total(valkey) >= 500)

    zombie.process.send_signal(signal.SIGSTOP)
    heir = start_worker(server.url, slow_s=0.005, lease_s=0.4)
    at_stop = total(valkey)
    wait_until(lambda: total(valkey) >= at_stop + 500)
    zombie.process.send_signal(signal.SIGCONT)
    wait_until(lambda: total(valkey) >= 6000)

    assert heir.stop()[0] == 0
    code, _, err = zombie.stop()
    assert b"fenced" in err
    assert code == 0
    assert_exactly_once(valkey, expected)


def test_a_second_worker_shares_and_takes_all_when_the_first_stops(
    server: Server, valkey: Valkey, start_worker: StartWorker
) -> None:
    expected = publish(server, 3000)
    first = start_worker(server.url, slow_s=0.005)
    wait_until(lambda: total(valkey) >= 300)

    second = start_worker(server.url, slow_s=0.005)
    wait_until(lambda: len(owners(valkey)) == 2)
    assert sorted(owners(valkey).values()) == [2, 2]
    first.stop()
    wait_until(lambda: list(owners(valkey).values()) == [4])
    wait_until(lambda: total(valkey) >= 3000)

    assert second.stop()[0] == 0
    assert owners(valkey) == {}
    assert_exactly_once(valkey, expected)


def test_a_bad_record_goes_to_dead_with_its_bytes_and_the_rest_goes_on(
    server: Server, valkey: Valkey, start_worker: StartWorker
) -> None:
    with faust_redis.Publisher(server.url, "t", partitions=4) as publisher:
        _, bad, last = publisher.publish(1, [(b"1", b"a"), (b"2", b"bad"), (b"3", b"a")])

        start_worker(server.url)
        publisher.wait_committed("counter", 1, last, timeout_s=20)

    ((_, letter),) = valkey.xrange("t:{1}:dead")
    assert letter == {
        b"raw": b"bad",
        b"reason": b"bad",
        b"error": b"told to",
        b"position": bad.encode(),
        b"app": b"counter",
    }
    assert valkey.hgetall("t:{1}:state") == {b"a": b"2"}


def test_a_worker_leaves_nothing_in_its_working_folder(
    server: Server, valkey: Valkey, start_worker: StartWorker
) -> None:
    before = set(Path.cwd().iterdir())
    publish(server, 100)
    worker = start_worker(server.url)
    wait_until(lambda: total(valkey) >= 100)

    worker.stop()

    assert {path for path in Path.cwd().iterdir() if "-data" in path.name} <= before
