"""What is remembered of the team columns of an open match's vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from features.state import Table, TeamState


class TeamPart:
    """Both teams as they enter the match, and the columns that this gave with a day's tables.

    ``columns`` is float64, shape (len(TEAM_FEATURES),). ``entering`` says that a team is yet to
    enter its season or the pool, so that the pool's levels have a part in it.
    """

    __slots__ = ("away", "columns", "entering", "home", "table")

    def __init__(
        self,
        home: TeamState,
        away: TeamState,
        columns: np.ndarray,
        table: Table | None,
        *,
        entering: bool,
    ) -> None:
        self.home = home
        self.away = away
        self.columns = columns
        self.table = table
        self.entering = entering
