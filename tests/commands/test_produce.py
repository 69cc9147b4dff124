"""``sabiscore produce`` from outside: what it puts on the streams, what it says of bad input."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
import redis

from producers import simulate
from schemas.errors import MalformedEventError
from schemas.events import ClockTick, FixtureScheduled, MatchFinished, OddsChanged, decode_event
from schemas.keys import EVENTS, stream
from tests.producers.incident_files import write_incidents
from tests.producers.tables import row, write
from tests.producers.test_betfair import IMAGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]


def stored(redis_url: str, namespace: str) -> list[bytes]:
    """Every record on the streams of a namespace of one partition."""
    with redis.Redis.from_url(redis_url) as client:
        entries: Any = client.xrange(stream(namespace, 0, EVENTS))
    return [fields[b"e"] for _, fields in entries]


@pytest.fixture
def where(redis_url: str, namespace: str) -> tuple[str, ...]:
    return ("--redis", redis_url, "--namespace", namespace, "--partitions", "1")


def test_incidents_are_published_and_bad_rows_are_named(
    sabiscore: Run, where: tuple[str, ...], redis_url: str, namespace: str, tmp_path: Path
) -> None:
    folder = write_incidents(tmp_path, incidents=("7,48,0,G,A", "7,68,0,G,A", "7,68,0,P,A"))

    done = sabiscore("produce", "incidents", "--data", folder, "--every", "30", *where)

    assert done.returncode == 0, done.stderr
    assert "incidents.csv.gz, line 4: 'P' is no incident" in done.stdout
    told = [decode_event(raw) for raw in stored(redis_url, namespace)]
    ticks = [event.data.minute for event in told if isinstance(event, ClockTick)]
    assert [minute for minute in ticks if minute is not None] == [30, 60, 90]


def test_results_that_were_corrected_are_published_as_corrections_and_copies_are_no_news(
    sabiscore: Run, where: tuple[str, ...], redis_url: str, namespace: str, tmp_path: Path
) -> None:
    said = []
    for cells in (
        {},
        {"FTHG": "3", "FTAG": "1", "FTR": "H"},
        {"FTHG": "3", "FTAG": "1", "FTR": "H"},
    ):
        write(tmp_path, row(**cells), row(HomeTeam="Arsenal"))
        done = sabiscore("produce", "football-data", "--data", tmp_path, *where)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)

    first, second, third = said
    assert "22 events stored; 0 rows" in first
    assert "1 event stored, 22 known before" in second
    assert "1 of them correct 1 match" in second
    assert "0 events stored, 22 known before" in third
    assert "correct" not in third
    results = [
        event.data.home_score
        for event in map(decode_event, stored(redis_url, namespace))
        if isinstance(event, MatchFinished) and "leicester" in event.subject
    ]
    assert results == [0, 3]


def test_a_recording_of_betfair_is_published(
    sabiscore: Run, where: tuple[str, ...], redis_url: str, namespace: str, tmp_path: Path
) -> None:
    recording, table = tmp_path / "1.7", tmp_path / "fixtures.toml"
    recording.write_text(f"{IMAGE}\nnonsense\n")
    cells = 'competition = "e0"\nseason = "2024-25"\nhome = "Leicester"\naway = "Fulham"\n'
    table.write_text(f"[30177999]\n{cells}")

    done = sabiscore("produce", "betfair", "--data", recording, "--fixtures", table, *where)

    assert done.returncode == 0, done.stderr
    assert "1.7, line 2: no message of a market" in done.stdout
    kinds = [type(decode_event(raw)) for raw in stored(redis_url, namespace)]
    assert kinds == [FixtureScheduled, OddsChanged]


def test_a_simulated_league_is_spoilt_on_request(
    where: tuple[str, ...], redis_url: str, namespace: str
) -> None:
    words = ("produce", "simulate", "--seed", "3", "--failures", "0.01", "--only", "malformed")
    argv = [sys.executable, "-m", "sabiscore", *words, *where]
    # Nobody reads these streams: the feed is held back long before its end, so it is stopped.
    with subprocess.Popen(argv, env=os.environ, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while len(stored(redis_url, namespace)) < 5_000 and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.wait(30)

    bad = 0
    sound = []
    for raw in stored(redis_url, namespace):
        try:
            sound.append(decode_event(raw))
        except MalformedEventError:
            bad += 1
    assert sound == list(islice(simulate.league(3).events(), len(sound)))
    assert len(sound) > 4_000
    assert bad > 20


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--failures", "2"), "a failure rate of 2.0 is no share"),
        (("--failures", "0.1", "--only", "flood"), "'flood' is no failure"),
    ],
)
def test_a_failure_that_makes_no_sense_is_one_sentence(
    sabiscore: Run, where: tuple[str, ...], words: tuple[str, ...], sentence: str
) -> None:
    done = sabiscore("produce", "simulate", *words, *where)

    assert done.returncode == 1
    assert done.stderr.startswith("sabiscore: ")
    assert sentence in done.stderr


def test_a_clock_tells_the_day_until_it_is_stopped(
    where: tuple[str, ...], redis_url: str, namespace: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.hset(f"{namespace}:pools", "england", "0")
    argv = [sys.executable, "-m", "sabiscore", "produce", "clock", *where]
    with subprocess.Popen(argv, env=os.environ, stdout=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not stored(redis_url, namespace) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)

    (raw,) = stored(redis_url, namespace)
    day = decode_event(raw)
    assert isinstance(day, ClockTick)
    assert day.data.day is not None
    assert abs(day.data.day - dt.datetime.now(dt.UTC).date()) <= dt.timedelta(days=1)
    assert said == "1 events published\n"
    assert process.returncode == 0
