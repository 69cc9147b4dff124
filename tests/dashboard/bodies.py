"""A forecast for tests, with whatever is to be different in it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from schemas.forecast import Cause, Delta, Forecast, MarketView, Quality, Score, encode_forecast

MATCH_ID = "e0-2024-25-arsenal-chelsea-1"
KICK_OFF = dt.datetime(2025, 5, 24, 14, 0, tzinfo=dt.UTC)


def made(match_id: str = MATCH_ID, **changed: Any) -> bytes:
    fields: dict[str, Any] = {
        "match_id": match_id,
        "competition": match_id.split("-", maxsplit=1)[0],
        "season": "2024-25",
        "kick_off": KICK_OFF,
        "home_team": "Arsenal",
        "away_team": "Chelsea",
        "status": "scheduled",
        "epoch": 1,
        "revision": 1,
        "as_of": KICK_OFF - dt.timedelta(days=1),
        "cause": Cause("football-data:1", "odds.changed", "Odds moved: avg"),
        "home": 0.52,
        "draw": 0.26,
        "away": 0.22,
        "delta": Delta(0.01, 0.0, -0.01),
        "minute": None,
        "score": None,
        "model": "champion@1",
        "quality": Quality.FRESH,
        "market": MarketView(0.5, 0.27, 0.23, "avg", "opening", KICK_OFF),
        "simulated": False,
        "feature_hash": "00f1",
        "input_hash": "ab12",
    }
    if changed.get("status") == "live":
        fields |= {"minute": 23, "score": Score(1, 0)}
    return encode_forecast(Forecast(**(fields | changed)))
