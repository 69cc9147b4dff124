"""The play of one match as training rows hold it: score and red cards after fixed minutes."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from model_store import HALF_TIME_PLACE, PLAY_MINUTES
from schemas.events import AnyEvent, ClockTick, MatchIncident

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features import MatchState

_HALF_TIME, _FULL_TIME = 45, 90


class Play:
    """Follows one match event by event, as the fold has taken it in."""

    def __init__(self) -> None:
        self._state = np.zeros((len(PLAY_MINUTES), 4), dtype=np.int8)
        self._last = (0, 0, 0, 0)
        self._ticked = False

    def see(self, event: AnyEvent, match: MatchState) -> None:
        """Take note of *match* as *event* has left it."""
        if isinstance(event, ClockTick):
            self._ticked = self._ticked or event.data.minute is not None
        if not isinstance(event, MatchIncident):
            return
        now = (match.home_score, match.away_score, match.home_reds, match.away_reds)
        if now == self._last:
            return
        place = _first_place(event.data.minute, event.data.stoppage)
        # What is told later about an earlier minute changes what was noted since by as much.
        self._state[place:] += np.subtract(now, self._last, dtype=np.int8)
        self._last = now

    def known(self, goals: tuple[int, int]) -> NDArray[np.int8]:
        """Score and reds after each of `PLAY_MINUTES`, int8 (19, 4).

        -1 where the play was not told (no clock ran), or does not add up to *goals*.
        """
        if self._ticked and self._last[:2] == goals and (self._state >= 0).all():
            return self._state
        return np.full_like(self._state, -1)


def _first_place(minute: int, stoppage: int) -> int:
    """The first place of `PLAY_MINUTES` that is not before this minute."""
    if stoppage and minute == _HALF_TIME:
        return HALF_TIME_PLACE
    if stoppage and minute >= _FULL_TIME:
        return len(PLAY_MINUTES)
    return bisect_left(PLAY_MINUTES, minute)
