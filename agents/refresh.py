"""The pure core of ``forecast``: a partition's records in, forecasts and set-aside records out.

Nothing here knows Faust or speaks to Redis. The outcome is a function of the records so far and
the models alone: how they are cut into batches, and when, makes no difference to a single byte.
"""

from __future__ import annotations

import hashlib
import itertools
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features import FEATURE_HASH, FEATURE_NAMES, World, fold, words, write_vector
from model_store import CHAMPION
from schemas.errors import MalformedEventError, ModelError, RejectedEventError
from schemas.events import (
    AnyEvent,
    ModelPromoted,
    ModelRolledBack,
    decode_event,
    type_name,
)
from schemas.forecast import (
    Cause,
    Delta,
    ExpectedGoals,
    Forecast,
    MarketView,
    Quality,
    Score,
    encode_forecast,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from faust_redis import Record
    from features import MatchState
    from model_store.model import Model

DIGITS = 9
"""Decimals of a probability: far below what data carries, and alike on every processor."""

_UNITS = 10.0**DIGITS
_WHOLE = 1.5 * 2.0**52
"""Added and taken off, it leaves the nearest whole number, of two the even one, as ``round`` does.

That is so of numbers of at most 2**51, above nought or below; it takes less time.
"""

_NEAR = 1e-6
_OUTCOMES = 3
_NO_DELTA = Delta(0.0, 0.0, 0.0)


class Published(NamedTuple):
    """One forecast: whose it is, how sure it is, and its bytes."""

    match_id: str
    confidence: float
    is_open: bool
    body: bytes


class SetAside(NamedTuple):
    """A record that gave nothing, and why."""

    record: Record
    error: str
    reason: str


class Outcome(NamedTuple):
    """What a batch of records came to, in stream order."""

    published: list[Published]
    set_aside: list[SetAside]


class _Due(NamedTuple):
    """A forecast to be made: the inputs of one match as one event left them."""

    record: Record
    event: AnyEvent
    match: MatchState
    seen: MatchState
    quality: Quality
    model: Model
    input_hash: bytes


class _Goals(NamedTuple):
    """What a forecast says of goals; nothing where its model gives outcomes only."""

    expected: ExpectedGoals | None = None
    over_2_5: float | None = None
    both_score: float | None = None

    @classmethod
    def of(cls, made: list[float]) -> _Goals:
        home, away, over, both = made[_OUTCOMES:]
        if home != home:  # noqa: PLR0124 - NaN: unknown
            return cls()
        return cls(ExpectedGoals(_rounded(home), _rounded(away)), _rounded(over), _rounded(both))


class Refresher:
    """Folds one partition's records into its world and forecasts every revision that they make.

    ``in_force`` names the model that forecasts at the moment; it is loaded when first needed. It is
    the one last promoted under ``alias``; where it is empty, events are folded and that is all.
    """

    def __init__(
        self,
        world: World,
        load_model: Callable[[str], Model],
        in_force: str,
        epoch: int,
        *,
        alias: str = CHAMPION,
    ) -> None:
        self.world = world
        self.in_force = in_force
        self._load_model = load_model
        self._epoch = epoch
        self._alias = alias
        self._due: list[_Due] = []
        self._set_aside: list[SetAside] = []
        self._vectors = np.empty((64, len(FEATURE_NAMES)), dtype=np.float64)

    def process(self, records: Iterable[Record]) -> Outcome:
        """Fold *records* in order and forecast what changed after each."""
        self._due, self._set_aside = [], []
        for record in records:
            try:
                event = decode_event(record.value)
                affected = self._apply(event)
            except MalformedEventError as error:
                self._set_aside.append(SetAside(record, "malformed", error.reason))
            except RejectedEventError as error:
                self._set_aside.append(SetAside(record, "rejected", str(error)))
            except ModelError as error:
                self._set_aside.append(SetAside(record, "model", str(error)))
            else:
                self._collect(record, event, affected)
        return Outcome(self._forecast(), self._set_aside)

    def _apply(self, event: AnyEvent) -> Sequence[str]:
        if isinstance(event, ModelPromoted | ModelRolledBack):
            # Whom another alias names is no matter of the forecasts in force.
            if event.data.alias != self._alias:
                return ()
            # A swap has its place in the stream, so that a replay makes it at the same event.
            self.in_force = self._load_model(event.data.model).label
            matches = self.world.matches.items()
            return sorted(match_id for match_id, match in matches if not match.over)
        return fold(self.world, event)

    def _collect(self, record: Record, event: AnyEvent, affected: Sequence[str]) -> None:
        if not affected or not self.in_force:
            return
        model = self._load_model(self.in_force)
        self.in_force = model.label
        for match_id in affected:
            match = self.world.matches[match_id]
            row = self._next_row()
            write_vector(self.world, match_id, row)
            quality = match.quality
            digest = _input_hash(row, match, quality, model)
            if digest != match.input_hash:
                match.input_hash = digest
                self.world.touch(match_id)
                # A copy: later events of this batch will change the match, not this revision.
                due = _Due(record, event, match, match.__copy__(), quality, model, digest)  # type: ignore[attr-defined]
                self._due.append(due)

    def _next_row(self) -> NDArray[np.float64]:
        used = len(self._due)
        if used == len(self._vectors):
            self._vectors = np.concatenate([self._vectors, np.empty_like(self._vectors)])
        row: NDArray[np.float64] = self._vectors[used]
        return row

    def _forecast(self) -> list[Published]:
        published: list[Published] = []
        for due, chances in zip(self._due, self._predict(), strict=True):
            if _are_chances(chances):
                published.append(self._publish(due, chances))
            else:
                reason = f"{due.model.label} gave {chances} for {due.match.match_id}"
                self._set_aside.append(SetAside(due.record, "model", reason))
        return published

    def _predict(self) -> list[list[float]]:
        """Predict run by run of one model; a model may have been swapped within the batch."""
        chances: list[list[float]] = []
        for model, run in itertools.groupby(self._due, key=attrgetter("model")):
            first, count = len(chances), sum(1 for _ in run)
            chances += model.forecast(self._vectors[first : first + count]).tolist()
        return chances

    def _publish(self, due: _Due, chances: list[float]) -> Published:
        match = due.match
        home, away = _rounded(chances[0]), _rounded(chances[2])
        # The remainder, so that the three sum to one as written.
        draw = _rounded(max(0.0, 1.0 - home - away))
        delta = _NO_DELTA
        if match.revision:
            delta = Delta(
                _rounded(home - match.home_p),
                _rounded(draw - match.draw_p),
                _rounded(away - match.away_p),
            )
        match.revision += 1
        match.home_p, match.draw_p, match.away_p = home, draw, away
        goals = _Goals.of(chances)
        made = _forecast_of(due, self._epoch, match.revision, (home, draw, away), delta, goals)
        is_open = due.quality is not Quality.FINAL
        return Published(match.match_id, max(home, draw, away), is_open, encode_forecast(made))


def _forecast_of(
    due: _Due,
    epoch: int,
    revision: int,
    chances: tuple[float, float, float],
    delta: Delta,
    goals: _Goals,
) -> Forecast:
    match, event = due.seen, due.event
    return Forecast(
        match_id=match.match_id,
        competition=match.competition,
        season=match.season,
        kick_off=match.kick_off,
        home_team=match.home,
        away_team=match.away,
        status=match.status,
        epoch=epoch,
        revision=revision,
        as_of=event.time,
        cause=Cause(event.id, type_name(event), words(event, match)),
        home=chances[0],
        draw=chances[1],
        away=chances[2],
        delta=delta,
        expected_goals=goals.expected,
        over_2_5=goals.over_2_5,
        both_score=goals.both_score,
        minute=match.minute,
        score=None if match.minute is None else Score(match.home_score, match.away_score),
        model=due.model.label,
        quality=due.quality,
        market=_market_of(match),
        simulated=match.simulated,
        feature_hash=FEATURE_HASH,
        input_hash=due.input_hash.hex(),
    )


def _market_of(match: MatchState) -> MarketView | None:
    market = match.market
    if market is None or market.time is None:
        return None
    return MarketView(
        _rounded(market.p_home),
        _rounded(market.p_draw),
        _rounded(market.p_away),
        market.bookmaker,
        market.phase.value,
        market.time,
    )


def _input_hash(
    row: NDArray[np.float64], match: MatchState, quality: Quality, model: Model
) -> bytes:
    """Hash all that a forecast depends on; eight bytes, as it need only differ from the last."""
    told = _told(match.status, quality, match.kick_off, model.label)
    return hashlib.blake2b(row.tobytes() + told, digest_size=8).digest()


@lru_cache(maxsize=4096)
def _told(status: str, quality: Quality, kick_off: dt.datetime, label: str) -> bytes:
    """Write what is no number; kept, as writing an instant takes longer than hashing a row."""
    return f"{status}|{quality.value}|{kick_off}|{label}".encode()


def _rounded(number: float) -> float:
    """The double nearest to *number* with `DIGITS` decimals, at a tenth of what ``round`` takes."""
    # A whole number over a power of ten is rounded once, so it reads as that decimal.
    return (number * _UNITS + _WHOLE - _WHOLE) / _UNITS


def _are_chances(chances: list[float]) -> bool:
    home, draw, away = chances[:_OUTCOMES]
    each = 0.0 <= home <= 1.0 and 0.0 <= draw <= 1.0 and 0.0 <= away <= 1.0
    return each and abs(home + draw + away - 1.0) < _NEAR
