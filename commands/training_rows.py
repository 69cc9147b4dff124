"""Training rows: every finished match as the live code saw it at its kick-off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from commands.play_rows import Play
from features import FEATURE_NAMES, TEAM_FEATURES, World, fold, write_vector
from model_store import PLAY_MINUTES, TrainingSet
from model_store.columns import PHASE_CLOSING
from schemas.errors import RejectedEventError
from schemas.events import (
    AnyEvent,
    MatchFinished,
    MatchStarted,
    OddsChanged,
    OddsPhase,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from features import MatchState

_MARKET = [FEATURE_NAMES.index(f"market_{side}") for side in ("home", "draw", "away")]
_PHASE = FEATURE_NAMES.index("market_phase")
_NO_MARKET = (np.nan, np.nan, np.nan)


class _Rows:
    """Collects vectors at kick-off, and what the market said when it opened."""

    def __init__(self) -> None:
        self.world = World.load({})
        self.opening: dict[str, tuple[float, ...]] = {}
        self.at_kick_off: dict[str, NDArray[np.float64]] = {}
        self.matches: dict[str, MatchState] = {}
        self.goals: dict[str, tuple[int, int]] = {}
        self.play: dict[str, Play] = {}
        self.rejected = 0

    def add(self, event: AnyEvent) -> None:
        match_id = event.subject
        if isinstance(event, MatchStarted) and match_id in self.world.matches:
            # Before it is folded: the vector that the last forecast before kick-off was made from.
            self.at_kick_off[match_id] = self._vector(match_id)
            # The world forgets a match some time after its end.
            self.matches[match_id] = self.world.matches[match_id]
        try:
            fold(self.world, event)
        except RejectedEventError:
            self.rejected += 1
            return
        if isinstance(event, OddsChanged) and event.data.phase is OddsPhase.OPENING:
            self.opening[match_id] = tuple(self._vector(match_id)[_MARKET])
        if isinstance(event, MatchFinished):
            self.goals[match_id] = (event.data.home_score, event.data.away_score)
        elif match_id in self.at_kick_off and match_id not in self.goals:
            self.play.setdefault(match_id, Play()).see(event, self.world.matches[match_id])

    def _vector(self, match_id: str) -> NDArray[np.float64]:
        row = np.empty(len(FEATURE_NAMES), dtype=np.float64)
        write_vector(self.world, match_id, row)
        return row


def collect(events: Iterable[AnyEvent], until: dt.datetime) -> TrainingSet:
    """Fold *events* up to *until* and return the rows of the matches finished by then."""
    rows = _Rows()
    for event in events:
        if event.time >= until:
            break
        rows.add(event)
    ids = [match_id for match_id in rows.at_kick_off if match_id in rows.goals]
    matches = [rows.matches[match_id] for match_id in ids]
    width = len(FEATURE_NAMES)
    goals = np.array([rows.goals[match_id] for match_id in ids], dtype=np.int8).reshape(-1, 2)
    vectors = np.array([rows.at_kick_off[match_id] for match_id in ids]).reshape(-1, width)
    return TrainingSet(
        team=vectors[:, : len(TEAM_FEATURES)],
        feature_names=TEAM_FEATURES,
        market_opening=np.array(
            [rows.opening.get(match_id, _NO_MARKET) for match_id in ids], dtype=np.float64
        ).reshape(-1, 3),
        # What stood at kick-off may still be an opening price, or one of no known time.
        market_closing=np.where(vectors[:, [_PHASE]] == PHASE_CLOSING, vectors[:, _MARKET], np.nan),
        outcome=(1 - np.sign(goals[:, 0] - goals[:, 1])).astype(np.int8),
        season=np.array([match.season for match in matches], dtype=np.str_),
        competition=np.array([match.competition for match in matches], dtype=np.str_),
        kick_off=np.array(
            [match.kick_off.replace(tzinfo=None) for match in matches], dtype="datetime64[s]"
        ),
        match_id=np.array(ids, dtype=np.str_),
        goals=goals,
        play=np.array(
            [rows.play.get(match_id, Play()).known(rows.goals[match_id]) for match_id in ids],
            dtype=np.int8,
        ).reshape(-1, len(PLAY_MINUTES), 4),
    )
