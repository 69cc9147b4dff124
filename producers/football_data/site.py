"""The site itself: fetched once into a folder laid out like it, then read like any folder."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import msgspec
import stamina
from msgspec import Struct

from producers.football_data.layout import SourceFile, known_season, locate
from producers.football_data.seasons import days_of, folder_of, newest_seasons
from schemas.errors import FeedError, RowError

if TYPE_CHECKING:
    from collections.abc import Collection

    from producers.football_data.matches import Report

TOP_LEAGUES = ("E0", "D1", "I1", "SP1", "F1")
_FOLDER = "mmz4281"
_SERVER_FAULT = 500
_TOO_MANY = 429
_NO_NAME = re.compile(r"[^A-Za-z0-9.]+")


def default_cache() -> Path:
    """Give the folder in which people's programs keep what they can fetch again."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "sabiscore" / "football-data"


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


class Site(Struct, frozen=True, kw_only=True):
    """How to fetch: where copies are kept, how long one counts as new, when to give up."""

    cache: Path = msgspec.field(default_factory=default_cache)
    today: dt.date = msgspec.field(default_factory=_today)
    newest: int = 2
    fresh_for: dt.timedelta = dt.timedelta(hours=6)
    timeout_s: float = 10.0
    attempts: int = 3
    retry_after_s: float = 0.5
    max_bytes: int = 8 * 1024 * 1024


class _BusyError(Exception):
    """An answer that may be another one in a moment."""


def is_address(source: str) -> bool:
    """Tell whether a source is an address rather than a folder."""
    return source.lower().startswith(("http://", "https://"))


def fetch(
    address: str,
    site: Site,
    *,
    seasons: Collection[str] | None,
    divisions: Collection[str] | None,
    report: Report,
) -> list[SourceFile]:
    """Fetch the files that are not yet, or no longer, in the cache, and locate them there.

    Without *seasons* the newest are taken, without *divisions* the five top leagues. A file that
    the site does not have is left out.

    Raises:
        FeedError: When the site cannot be reached and the cache cannot stand in for it.
    """
    wanted = newest_seasons(site.today, site.newest) if seasons is None else sorted(seasons)
    leagues = TOP_LEAGUES if divisions is None else sorted(divisions)
    root = address.rstrip("/").removesuffix(f"/{_FOLDER}")
    cache = site.cache / _NO_NAME.sub("-", root.partition("://")[2])
    with httpx.Client(timeout=site.timeout_s, follow_redirects=True) as client:
        for season in map(known_season, wanted):
            for league in leagues:
                part = f"{_FOLDER}/{folder_of(season)}/{league.upper()}.csv"
                if not _is_fresh(cache / part, season, site):
                    _renew(client, f"{root}/{part}", cache / part, site, report)
    try:
        return locate(cache, seasons=wanted, divisions=leagues, report=report)
    except FeedError as error:
        raise FeedError(
            f"{root} has none of {', '.join(leagues)} in {', '.join(wanted)}: "
            f"expected {root}/{_FOLDER}/<season>/<division>.csv"
        ) from error


def _is_fresh(copy: Path, season: str, site: Site) -> bool:
    if not copy.is_file():
        return False
    written = dt.datetime.fromtimestamp(copy.stat().st_mtime, dt.UTC)
    _, last_day = days_of(season)
    # Corrections come for some weeks after a season; later copies never change.
    if written.date() > last_day + dt.timedelta(days=30):
        return True
    return dt.datetime.now(dt.UTC) - written < site.fresh_for


def _renew(client: httpx.Client, address: str, copy: Path, site: Site, report: Report) -> None:
    try:
        body = _download(client, address, site)
    except (httpx.HTTPError, httpx.InvalidURL, _BusyError) as error:
        reason = f"{address} cannot be reached ({type(error).__name__}: {error})"
        if not copy.is_file():
            raise FeedError(f"{reason}; check the network, or give a folder instead") from error
        report(RowError("/".join(copy.parts[-3:]), 0, f"{reason}; the copy kept here is read"))
        return
    if body is not None:
        _keep(body, copy)


def _download(client: httpx.Client, address: str, site: Site) -> bytes | None:
    for attempt in stamina.retry_context(
        on=(httpx.TransportError, _BusyError),
        attempts=site.attempts,
        timeout=site.timeout_s * site.attempts,
        wait_initial=site.retry_after_s,
        wait_jitter=site.retry_after_s,
    ):
        with attempt:
            return _get(client, address, site)
    raise AssertionError  # stamina returns or raises


def _get(client: httpx.Client, address: str, site: Site) -> bytes | None:
    with client.stream("GET", address) as answer:
        if answer.status_code >= _SERVER_FAULT or answer.status_code == _TOO_MANY:
            raise _BusyError(f"it answers {answer.status_code} {answer.reason_phrase}")
        # The site answers 300 with suggestions where it has no such file.
        if not answer.is_success:
            return None
        body = bytearray()
        give_up_s = time.monotonic() + site.timeout_s * site.attempts
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > site.max_bytes:
                raise FeedError(f"{address} sends more than {site.max_bytes} bytes; not read")
            if time.monotonic() > give_up_s:
                raise _BusyError("it sends too slowly")
    if b"Date" not in body.partition(b"\n")[0]:
        raise FeedError(f"{address} answers with something that is no results file")
    return bytes(body)


def _keep(body: bytes, copy: Path) -> None:
    part = copy.with_suffix(f".{os.getpid()}.part")
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(body)
        # Whoever reads meanwhile sees the old copy or the new one, never a part.
        part.replace(copy)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise FeedError(f"what was fetched cannot be kept in {copy.parent}: {error}") from error
