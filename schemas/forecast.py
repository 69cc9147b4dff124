"""A forecast as the cache, the changes stream, HTTP and Postgres carry it: the same JSON bytes."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads annotations at run time
import enum

import msgspec
from msgspec import Struct


class Quality(enum.Enum):
    """How far a forecast can be trusted."""

    FRESH = "fresh"
    STALE = "stale"
    SUSPENDED = "suspended"
    DEGRADED = "degraded"
    FINAL = "final"


class Cause(Struct, frozen=True, gc=False):
    """The event that made this revision: its id, its type, and words for a person."""

    event_id: str
    type: str
    words: str


class Score(Struct, frozen=True, gc=False):
    """Goals so far."""

    home: int
    away: int


class Delta(Struct, frozen=True, gc=False):
    """Change of each probability since the revision before."""

    home: float
    draw: float
    away: float


class ExpectedGoals(Struct, frozen=True, gc=False):
    """Expected goals of both teams at the end of normal time."""

    home: float
    away: float


class MarketView(Struct, frozen=True, gc=False):
    """The market's probabilities without margin (Shin), and the prices they come from."""

    home: float
    draw: float
    away: float
    bookmaker: str
    phase: str
    as_of: dt.datetime


class Forecast(Struct, frozen=True, kw_only=True, gc=False):
    """The probabilities of a home win, a draw and an away win, and where they come from.

    ``revision`` counts 1, 2, 3 … without a gap the changes of this match's inputs; ``epoch`` the
    histories of the stream. ``expected_goals``, ``over_2_5`` (three goals or more) and
    ``both_score`` are of the same distribution of scores as the three probabilities; null where
    the model gives only those. ``minute`` and ``score`` are null before kick-off. ``market`` is
    null while no price is known. ``feature_hash`` names the list of features, ``input_hash``
    their values.
    """

    match_id: str
    competition: str
    season: str
    kick_off: dt.datetime
    home_team: str
    away_team: str
    status: str
    epoch: int
    revision: int
    as_of: dt.datetime
    cause: Cause
    home: float
    draw: float
    away: float
    delta: Delta
    expected_goals: ExpectedGoals | None = None
    over_2_5: float | None = None
    both_score: float | None = None
    minute: int | None
    score: Score | None
    model: str
    quality: Quality
    market: MarketView | None
    simulated: bool
    feature_hash: str
    input_hash: str


_decoder = msgspec.json.Decoder(Forecast)
_encoder = msgspec.json.Encoder()


def encode_forecast(forecast: Forecast) -> bytes:
    """Write one forecast for the cache and the wire."""
    return _encoder.encode(forecast)


def decode_forecast(raw: bytes) -> Forecast:
    """Read one forecast from the cache or the wire.

    Raises:
        msgspec.ValidationError: When *raw* is no forecast.
    """
    return _decoder.decode(raw)
