"""Every accepted revision is forecast, however the records are cut, and nothing else is."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.refresh import Outcome, Refresher
from faust_redis import Record
from features import World
from producers import simulate
from producers.publish import promotion
from schemas.errors import ModelError
from schemas.events import ClockTick, FixtureScheduled, OddsChanged, encode_event
from schemas.forecast import Forecast, decode_forecast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from schemas.events import AnyEvent

TOLD = [event for _, event in zip(range(700), simulate.league(5).events(), strict=False)]


class Favours:
    """A model whose home chance is fixed, but for a trace of the vector it was given."""

    def __init__(self, label: str, home: float) -> None:
        self.label = label
        self._home = home

    def forecast(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        trace = np.nansum(vectors, axis=1) % 1.0 / 1000.0
        home = self._home + trace
        goals = np.full((len(vectors), 4), [1.5, 1.25, 0.5, 0.625])
        return np.column_stack([home, (1.0 - home) / 2, (1.0 - home) / 2, goals])


class Exactly(Favours):
    """A model whose home chance is this very number."""

    def forecast(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        made = super().forecast(vectors)
        made[:, :3] = self._home, (1.0 - self._home) / 2, (1.0 - self._home) / 2
        return made


class Nonsense(Favours):
    """A model that gives no number for one match in ten."""

    def forecast(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        chances = super().forecast(vectors)
        chances[chances[:, 0] * 1e6 % 10 < 1] = math.nan
        return chances


MODELS = {
    "champion": Favours("old@1", 0.2),
    "old@1": Favours("old@1", 0.2),
    "new@2": Favours("new@2", 0.9),
    "nonsense@1": Nonsense("nonsense@1", 0.5),
}


def load(label: str) -> Favours:
    try:
        return MODELS[label]
    except KeyError as error:
        raise ModelError(f"There is no model {label}.") from error


def refresher(model: str = "champion", world: World | None = None) -> Refresher:
    return Refresher(world or World.load({}), load, model, epoch=1)  # type: ignore[arg-type]


def records(events: Iterable[AnyEvent | bytes]) -> list[Record]:
    return [
        Record(f"1-{place}", event if isinstance(event, bytes) else encode_event(event))
        for place, event in enumerate(events)
    ]


def forecasts(outcomes: Outcome | Sequence[Outcome]) -> list[Forecast]:
    several = [outcomes] if isinstance(outcomes, Outcome) else outcomes
    return [decode_forecast(made.body) for outcome in several for made in outcome.published]


def test_a_match_is_forecast_as_soon_as_it_is_announced() -> None:
    fixture = next(event for event in TOLD if isinstance(event, FixtureScheduled))

    made = forecasts(refresher().process(records([fixture])))

    assert [(one.match_id, one.revision, one.status) for one in made] == [
        (fixture.subject, 1, "scheduled")
    ]
    assert (made[0].minute, made[0].score, made[0].market) == (None, None, None)
    assert made[0].simulated


def test_revisions_count_without_a_gap_and_the_three_sum_to_one() -> None:
    made = forecasts(refresher().process(records(TOLD)))

    counts: dict[str, int] = {}
    for one in made:
        counts[one.match_id] = counts.get(one.match_id, 0) + 1
        assert one.revision == counts[one.match_id]
        assert one.home + one.draw + one.away == pytest.approx(1.0, abs=1e-12)
    assert len(counts) > 10


@settings(deadline=None)
@given(home=st.floats(0.0, 1.0))
def test_a_chance_is_published_as_the_decimal_that_is_nearest_to_it(home: float) -> None:
    says = Exactly("exactly@1", home)
    announced = records(event for event in TOLD if isinstance(event, FixtureScheduled))[:1]

    told = Refresher(World.load({}), lambda _: says, says.label, 1)  # type: ignore[arg-type,return-value]
    (made,) = forecasts(told.process(announced))

    assert made.home == float(f"{made.home:.9f}")
    assert abs(made.home - home) <= 0.5e-9 * (1 + 1e-6)
    assert made.home + made.draw + made.away == pytest.approx(1.0, abs=1e-12)


def test_deltas_lead_from_each_forecast_to_the_next() -> None:
    last: dict[str, Forecast] = {}
    for one in forecasts(refresher().process(records(TOLD))):
        if one.match_id in last:
            assert one.home - last[one.match_id].home == pytest.approx(one.delta.home, abs=1e-8)
        last[one.match_id] = one


def test_the_same_event_again_is_forecast_no_second_time() -> None:
    subject = refresher()
    first = subject.process(records(TOLD))

    again = subject.process(records(TOLD[-1:]))

    assert first.published
    assert again.published == []


def test_prices_that_say_the_same_make_no_new_revision() -> None:
    odds = next(event for event in TOLD if isinstance(event, OddsChanged))
    before = TOLD[: TOLD.index(odds) + 1]
    later = msgspec.structs.replace(odds, id="later", time=odds.time + dt.timedelta(minutes=1))
    subject = refresher()
    subject.process(records(before))

    assert subject.process(records([later])).published == []


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(min_value=1, max_value=300), min_size=1, max_size=12))
def test_how_records_are_cut_into_batches_changes_no_byte(cuts: list[int]) -> None:
    told = [*TOLD[:350], promotion("new@2", TOLD[350].time), *TOLD[350:]]
    whole = refresher().process(records(told)).published
    subject = refresher()
    parts: list[Outcome] = []
    left = records(told)
    while left:
        for cut in cuts:
            parts.append(subject.process(left[:cut]))
            left = left[cut:]

    assert [made for part in parts for made in part.published] == whole


@settings(max_examples=12, deadline=None)
@given(stop=st.integers(min_value=1, max_value=len(TOLD) - 1))
def test_a_restart_from_the_stored_state_changes_no_byte(stop: int) -> None:
    whole = refresher().process(records(TOLD)).published
    first = refresher()
    before = first.process(records(TOLD[:stop])).published
    stored = {field: value for field, value in first.world.take_changes() if value is not None}

    second = refresher(first.in_force, World.load(stored))
    after = second.process(records(TOLD)[stop:]).published

    assert [*before, *after] == whole


def test_a_model_promoted_mid_match_takes_over_at_that_event() -> None:
    told = [*TOLD[:300], promotion("new@2", TOLD[300].time), *TOLD[300:]]

    made = forecasts(refresher().process(records(told)))

    models = [one.model for one in made]
    swap = models.index("new@2")
    assert set(models[:swap]) == {"old@1"}
    assert set(models[swap:]) == {"new@2"}
    assert made[swap].cause.type == "model.promoted"


def test_what_is_said_of_another_alias_changes_no_forecast() -> None:
    subject = refresher()
    subject.process(records(TOLD))
    told = promotion("new@2", TOLD[-1].time)
    aside = msgspec.structs.replace(
        told, data=msgspec.structs.replace(told.data, alias="challenger")
    )

    assert subject.process(records([aside])).published == []
    assert subject.in_force == "old@1"


def test_a_promotion_forecasts_every_open_match_and_no_other() -> None:
    subject = refresher()
    subject.process(records(TOLD))
    open_matches = {key for key, match in subject.world.matches.items() if not match.over}

    made = forecasts(subject.process(records([promotion("new@2", TOLD[-1].time)])))

    assert {one.match_id for one in made} == open_matches
    assert len(made) == len(open_matches) > 0


def test_a_model_that_is_not_there_is_set_aside_and_the_old_one_goes_on() -> None:
    subject = refresher()

    outcome = subject.process(records([*TOLD[:5], promotion("nobody@9", TOLD[5].time), *TOLD[5:9]]))

    assert [(aside.error, aside.record.position) for aside in outcome.set_aside] == [
        ("model", "1-5")
    ]
    assert {one.model for one in forecasts(outcome)} == {"old@1"}


def test_what_is_no_number_is_never_published_and_leaves_no_gap() -> None:
    outcome = refresher("nonsense@1").process(records(TOLD))

    assert {aside.error for aside in outcome.set_aside} == {"model"}
    counts: dict[str, int] = {}
    for one in forecasts(outcome):
        counts[one.match_id] = counts.get(one.match_id, 0) + 1
        assert one.revision == counts[one.match_id]


def test_a_bad_record_among_good_ones_is_set_aside_alone() -> None:
    good = refresher().process(records(TOLD))

    mixed = refresher().process(records([*TOLD[:200], b"{", *TOLD[200:]]))

    assert mixed.published == good.published
    assert [aside.error for aside in mixed.set_aside] == ["malformed"]


def test_a_day_that_changes_nothing_forecasts_nothing() -> None:
    subject = refresher()
    subject.process(records(TOLD))
    tick = next(event for event in TOLD if isinstance(event, ClockTick) and event.data.day)
    early = msgspec.structs.replace(
        tick, id="again", data=msgspec.structs.replace(tick.data, day=dt.date(2024, 1, 1))
    )

    assert subject.process(records([early])).published == []
