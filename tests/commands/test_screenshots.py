"""Pictures of the pages: their colours, the afternoon they show, what is missing to take them."""

from __future__ import annotations

import datetime as dt
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from commands import saturday
from commands.palette import png_of
from commands.screenshots import find_browser
from commands.settings import settings_from
from sabiscore import app
from schemas.errors import FeedError, SettingsError
from schemas.events import FixtureScheduled, MatchFinished, MatchStarted

if TYPE_CHECKING:
    from pathlib import Path


def read(png: bytes) -> tuple[int, int, np.ndarray]:
    """Width, height and pixels of a picture that has a palette and no filters."""
    chunks, place = {}, 8
    while place < len(png):
        size, name = struct.unpack_from(">I4s", png, place)
        body = png[place + 8 : place + 8 + size]
        assert struct.unpack_from(">I", png, place + 8 + size)[0] == zlib.crc32(name + body)
        chunks[name] = body
        place += size + 12
    width, height = struct.unpack_from(">II", chunks[b"IHDR"])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    return width, height, palette[rows[:, 1:]]


def test_a_picture_of_few_colours_keeps_each_of_them() -> None:
    pixels = np.zeros((4, 64, 4), np.uint8)
    pixels[..., 0] = np.arange(64)
    pixels[1:, :, 2] = 200

    width, height, shown = read(png_of(pixels))

    assert (width, height) == (64, 4)
    assert np.array_equal(shown, pixels[..., :3])


def test_of_many_colours_the_commonest_stay_and_the_others_take_a_near_one() -> None:
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (60, 60, 3), np.uint8)
    pixels[:30] = (23, 101, 179)

    _, _, shown = read(png_of(pixels))

    assert np.array_equal(shown[:30], pixels[:30])
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) <= 256
    assert np.abs(shown.astype(int) - pixels).mean() < 32


def test_a_simulated_afternoon_stops_with_matches_in_play() -> None:
    afternoon = saturday.choose(None, None, None, settings_from())

    started = {e.subject for e in afternoon.events if isinstance(e, MatchStarted)}
    over = {e.subject for e in afternoon.events if isinstance(e, MatchFinished)}
    announced = {e.subject for e in afternoon.events if isinstance(e, FixtureScheduled)}
    assert len(started - over) >= 3
    assert announced - started
    assert max(event.time for event in afternoon.events) <= afternoon.at


def test_an_afternoon_before_the_league_began_is_refused() -> None:
    long_ago = dt.datetime(1999, 1, 1, tzinfo=dt.UTC)

    with pytest.raises(FeedError, match="choose a later --at"):
        saturday.choose(None, None, long_ago, settings_from())


def test_real_matches_need_an_instant_to_stop_at(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--at, for example 2024-04-06T15:25"):
        saturday.choose(tmp_path, None, None, settings_from())


def test_a_browser_that_is_not_there_is_named_before_anything_starts() -> None:
    with pytest.raises(SettingsError, match="no-such-browser"):
        find_browser("no-such-browser")

    result = CliRunner().invoke(app, ["screenshots", "--browser", "no-such-browser"])

    assert isinstance(result.exception, SettingsError)
