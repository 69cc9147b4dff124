"""Forecasts as a table for analysts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from schemas.forecast import Forecast

_TIMES = ("kick_off", "as_of", "market_as_of")


def table(forecasts: Iterable[Forecast]) -> pd.DataFrame:
    """One row a forecast; what is nested has its path as its name, such as ``market_home``."""
    # Who only reads forecasts need not wait until it is loaded.
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame([_flat(msgspec.to_builtins(forecast)) for forecast in forecasts])
    for name in _TIMES:
        if name in frame:
            frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
    return frame


def _flat(fields: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            row |= {f"{name}_{inner}": one for inner, one in value.items()}
        elif value is not None:
            row[name] = value
    return row
