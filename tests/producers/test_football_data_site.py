"""The site as a real server on loopback plays it."""

from __future__ import annotations

import datetime as dt
import os
import socket
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, TypedDict

import pytest

from producers.football_data import Site, matches, read
from producers.football_data.seasons import newest_seasons
from schemas.errors import FeedError
from tests.producers.tables import HEADER, ROW, row, unexpected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemas.errors import RowError

E0 = "/mmz4281/2425/E0.csv"


class _Wish(TypedDict):
    seasons: list[str]
    divisions: list[str]


ONLY: _Wish = {"seasons": ["2024-25"], "divisions": ["E0"]}


class Website(ThreadingHTTPServer):
    """Answers with what a test puts into ``files``, after as many faults as it asks for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.files: dict[str, bytes] = {}
        self.faults = 0
        self.moved_to = ""
        self.asked: Counter[str] = Counter()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: Website

    def do_GET(self) -> None:
        site = self.server
        site.asked[self.path] += 1
        body = site.files.get(self.path.removeprefix(site.moved_to))
        if site.faults:
            site.faults -= 1
            self.send_error(503)
        elif site.moved_to and not self.path.startswith(site.moved_to):
            self.send_response(301)
            self.send_header("Location", site.moved_to + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif body is None:
            # What the site answers where it has no such file.
            self.send_error(300)
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def website() -> Iterator[Website]:
    with Website() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.files[E0] = _file(ROW)
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return Site(cache=tmp_path / "cache", retry_after_s=0.01, timeout_s=5.0)


def _file(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines, ""]).encode()


def _closed_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"http://127.0.0.1:{closed.getsockname()[1]}"


def test_the_site_is_read_like_a_folder(website: Website, site: Site) -> None:
    events = list(read(website.address, **ONLY, site=site, report=unexpected))

    assert events[-1].id == "e0-2024-25-leicester-fulham-1:finished"
    assert website.asked == {E0: 1}


def test_the_address_may_end_in_the_folder(website: Website, site: Site) -> None:
    found = matches(f"{website.address}/mmz4281/", **ONLY, site=site, report=unexpected)

    assert len(found) == 1


def test_what_was_fetched_is_not_fetched_again(website: Website, site: Site) -> None:
    matches(website.address, **ONLY, site=site, report=unexpected)

    found = matches(website.address, **ONLY, site=site, report=unexpected)

    assert len(found) == 1
    assert website.asked == {E0: 1}


def test_a_season_in_progress_is_fetched_again_when_its_copy_is_old(
    website: Website, site: Site
) -> None:
    matches(website.address, **ONLY, site=site, report=unexpected)
    _age(site, dt.datetime(2025, 1, 20, tzinfo=dt.UTC))
    website.files[E0] = _file(ROW, row(HomeTeam="Arsenal"))

    found = matches(website.address, **ONLY, site=site, report=unexpected)

    assert len(found) == 2


def test_a_season_that_is_over_is_never_fetched_again(website: Website, site: Site) -> None:
    matches(website.address, **ONLY, site=site, report=unexpected)
    _age(site, dt.datetime(2025, 9, 1, tzinfo=dt.UTC))

    matches(website.address, **ONLY, site=site, report=unexpected)

    assert website.asked == {E0: 1}


def _age(site: Site, written: dt.datetime) -> None:
    for copy in site.cache.rglob("*.csv"):
        os.utime(copy, (written.timestamp(), written.timestamp()))


def test_a_busy_server_is_asked_again(website: Website, site: Site) -> None:
    website.faults = 2

    found = matches(website.address, **ONLY, site=site, report=unexpected)

    assert len(found) == 1
    assert website.asked == {E0: 3}


def test_a_site_that_moved_is_followed(website: Website, site: Site) -> None:
    website.moved_to = "/new"

    assert len(matches(website.address, **ONLY, site=site, report=unexpected)) == 1


def test_a_server_that_stays_busy_is_given_up_in_one_sentence(website: Website, site: Site) -> None:
    website.faults = 99

    with pytest.raises(FeedError, match=r"cannot be reached .*503.*give a folder instead"):
        read(website.address, **ONLY, site=site, report=unexpected)


def test_a_server_that_is_not_there_is_said_to_be_out_of_reach(site: Site) -> None:
    with pytest.raises(FeedError, match="cannot be reached"):
        read(_closed_address(), **ONLY, site=site, report=unexpected)


def test_an_address_that_is_none_is_said_to_be_out_of_reach(site: Site) -> None:
    with pytest.raises(FeedError, match="cannot be reached"):
        read("http://[", **ONLY, site=site, report=unexpected)


def test_an_old_copy_stands_in_for_a_server_that_is_away(website: Website, site: Site) -> None:
    matches(website.address, **ONLY, site=site, report=unexpected)
    _age(site, dt.datetime(2025, 1, 20, tzinfo=dt.UTC))
    website.faults = 99
    errors: list[RowError] = []

    found = matches(website.address, **ONLY, site=site, report=errors.append)

    assert len(found) == 1
    assert ["the copy kept here is read" in error.reason for error in errors] == [True]


def test_a_division_that_the_site_has_not_yet_is_left_out(website: Website, site: Site) -> None:
    found = matches(
        website.address, seasons=["2024-25"], divisions=["E0", "E1"], site=site, report=unexpected
    )

    assert [match.competition for match in found] == ["e0"]


def test_a_site_without_any_of_them_says_so(website: Website, site: Site) -> None:
    website.files.clear()

    with pytest.raises(FeedError, match=r"has none of E0 in 2024-25"):
        read(website.address, **ONLY, site=site, report=unexpected)


def test_a_page_instead_of_a_file_is_refused_and_not_kept(website: Website, site: Site) -> None:
    website.files[E0] = b"<!DOCTYPE html>\n<title>Log in to this network</title>\n"

    with pytest.raises(FeedError, match="no results file"):
        read(website.address, **ONLY, site=site, report=unexpected)

    assert list(site.cache.rglob("*.csv*")) == []


def test_more_than_the_limit_is_not_read(website: Website, tmp_path: Path, site: Site) -> None:
    small = Site(cache=tmp_path / "small", max_bytes=100, retry_after_s=site.retry_after_s)

    with pytest.raises(FeedError, match="more than 100 bytes"):
        read(website.address, **ONLY, site=small, report=unexpected)


def test_a_cache_that_cannot_be_written_is_one_sentence(website: Website, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")

    with pytest.raises(FeedError, match="cannot be kept"):
        read(website.address, **ONLY, site=Site(cache=tmp_path / "cache"), report=unexpected)


def test_without_a_wish_the_newest_seasons_of_the_top_leagues_are_asked_for(
    website: Website, site: Site, tmp_path: Path
) -> None:
    day = dt.date(2025, 3, 1)
    newest = Site(cache=tmp_path / "newest", today=day, retry_after_s=site.retry_after_s)

    found = matches(website.address, site=newest, report=unexpected)

    assert len(found) == 1
    assert len(website.asked) == 10
    assert {path.split("/")[2] for path in website.asked} == {"2324", "2425"}


def test_a_season_has_begun_by_august() -> None:
    assert newest_seasons(dt.date(2025, 7, 31), 2) == ["2023-24", "2024-25"]
    assert newest_seasons(dt.date(2025, 8, 1), 2) == ["2024-25", "2025-26"]
    assert newest_seasons(dt.date(2000, 1, 1), 2) == ["1998-99", "1999-00"]
