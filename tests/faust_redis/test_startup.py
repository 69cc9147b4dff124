"""A worker that cannot do its work says why in one sentence and ends with an exit code."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import faust
import pytest

from faust_redis.address import Address, parse
from faust_redis.errors import UnsupportedError
from tests.faust_redis.program import Program
from tests.faust_redis.proxy import Proxy
from tests.faust_redis.servers import ROOT

if TYPE_CHECKING:
    from tests.faust_redis.servers import Server, Valkey


def start(url: str, partitions: int = 4, *, start_timeout_s: float = 0.5) -> tuple[int, str]:
    """Exit code and last line of the log of a worker process."""
    program = (
        "import sys, logging, faust_redis; logging.basicConfig(level=logging.INFO);"
        f"app = faust_redis.App('app', broker={url!r}, namespace='t', partitions={partitions});"
        f"sys.exit(faust_redis.run(app, start_timeout_s={start_timeout_s}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=30,
        check=False,
    )
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.splitlines()[-1]


def test_another_number_of_partitions_than_on_record(server: Server, valkey: Valkey) -> None:
    valkey.set("t:partitions", 8)

    code, said = start(server.url, partitions=4)

    assert code == 1
    assert "'t' has 8 partitions on record, not 4; start with partitions=8" in said
    assert "topic_partitions of a Faust app" in said
    assert valkey.get("t:partitions") == b"8"


def test_a_wrong_password(server: Server) -> None:
    code, said = start(f"unix://{server.socket}?password=wrong")

    assert code == 1
    assert "refused the login, see its URL's password" in said
    assert "wrong" not in said.replace("WRONGPASS", "")


def test_a_server_that_would_evict(server: Server, valkey: Valkey) -> None:
    valkey.config_set("maxmemory", "100mb")
    valkey.config_set("maxmemory-policy", "allkeys-lru")

    code, said = start(server.url)

    assert code == 1
    assert "set maxmemory-policy noeviction" in said


def test_a_server_that_is_too_old(server: Server) -> None:
    with Proxy(server.folder / "p.sock", server.socket) as proxy:
        proxy.rewrite = b"redis_version:7", b"redis_version:6"

        code, said = start(server.url_at(proxy.path))

    assert code == 1
    assert "is version 6." in said
    assert "7.0 or newer" in said


def test_a_topic_with_another_number_of_partitions_than_on_record(
    server: Server, valkey: Valkey
) -> None:
    valkey.hset("p:topics", "words", 4)

    with Program("word_count", server.url) as program:
        program.start()
        code = program.workers[0].wait(timeout=60)
        said = program.said()

    assert code == 1
    assert "topic 'words' has 4 partitions on record, not 8; declare it with partitions=4" in said


@pytest.mark.parametrize(
    ("on_record", "url", "why"),
    [
        (8, "?password=wrong", "refused the login, see its URL's password"),
        (4, "?password=test-pass", "'p' has 4 partitions on record, not 8"),
    ],
)
def test_faust_worker_says_in_one_sentence_that_the_server_will_not_do(
    server: Server, valkey: Valkey, on_record: int, url: str, why: str
) -> None:
    valkey.set("p:partitions", on_record)

    with Program("word_count", f"unix://{server.socket}{url}") as program:
        program.start()
        code = program.workers[0].wait(timeout=60)
        said = program.said()

    assert code == 1
    assert "Traceback" not in said
    assert [why in line for line in said.splitlines() if "[ERROR]" in line] == [True]


def test_a_server_that_is_not_there(server: Server) -> None:
    server.kill()

    code, said = start(server.url)

    assert code == 1
    assert "cannot be reached" in said


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://", Address(host="127.0.0.1")),
        ("redis://:p%40w@h:1/2", Address(host="h", port=1, password="p@w", db=2)),
        ("rediss://u:pw@h", Address(host="h", username="u", password="pw", tls=True)),
        ("unix:///s/r.sock?db=3&password=pw", Address(path="/s/r.sock", password="pw", db=3)),
        ("unix://:pw@/s/r.sock", Address(path="/s/r.sock", password="pw")),
    ],
)
def test_addresses_of_all_kinds_are_read(url: str, address: Address) -> None:
    assert parse(url) == address
    assert "pw" not in repr(address)
    assert "p@w" not in str(address)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("lease_s=soon", "lease_s=soon in the broker's URL is no number"),
        ("max_records=many", "max_records=many in the broker's URL is no number"),
        ("lease_s=0.1", "lease_s 0.2 or more"),
        ("db=one", "the broker's URL cannot be read"),
    ],
)
def test_a_setting_of_the_brokers_url_that_makes_no_sense_is_named(query: str, said: str) -> None:
    app = faust.App("app", broker=f"redis://127.0.0.1:1?{query}")

    with pytest.raises(UnsupportedError, match=said):
        assert app.transport


@pytest.mark.parametrize("url", ["http://h", "unix://", "redis://h:port"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"scheme|path|[Pp]ort"):
        parse(url)
