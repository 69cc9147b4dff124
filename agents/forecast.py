"""``forecast``: folds events and forecasts every revision of the matches that they changed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import structlog

import faust_redis
from agents import metrics
from agents.refresh import Outcome, Refresher
from features import World
from schemas.keys import CHANGES, EVENTS, STATE, prediction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    import faust

    from model_store.model import Model

APP = "forecast"

MODEL_FIELD = b"model"
"""Where a partition's state keeps the label of the model in force."""

log = structlog.get_logger()


class _Owned(NamedTuple):
    """A partition that is ours, as of one load of its state."""

    generation: int
    refresher: Refresher


def build(
    app: faust.App,
    *,
    load_model: Callable[[str], Model],
    namespace: str,
    first_model: str = "champion",
    batch_records: int = 256,
) -> None:
    """Give *app* the agent that forecasts, with models that *load_model* verifies and loads.

    The model in force is the one last promoted on a partition's stream; *first_model* forecasts
    until a first one is, and stays on record so that a restart goes on with the same.
    """
    events = faust_redis.batch_topic(app, EVENTS, max_records=batch_records)
    state = faust_redis.Table(app, STATE)
    owned: dict[int, _Owned] = {}
    load_once = cache(metrics.counted(load_model, APP))

    def refresher_of(batch: faust_redis.Batch) -> Refresher:
        held = owned.get(batch.partition)
        if held is None or held.generation != batch.generation:
            fields = state.partition(batch.partition)
            refresher = _load(fields, load_once, first_model, batch.epoch)
            owned[batch.partition] = held = _Owned(batch.generation, refresher)
        return held.refresher

    @app.agent(events, name=APP)
    async def forecast(batches: AsyncIterator[faust_redis.Batch]) -> None:
        noted = ""
        async for batch in batches:
            refresher = refresher_of(batch)
            outcome = refresher.process(batch.records)
            write_out(batch.write, refresher, outcome, namespace)
            on_record = state.partition(batch.partition).get(MODEL_FIELD)
            if refresher.in_force not in {first_model, (on_record or b"").decode()}:
                batch.write.put(STATE, MODEL_FIELD, refresher.in_force.encode())
            if refresher.in_force not in {first_model, noted}:
                noted = refresher.in_force
                metrics.note_model(load_once(noted))
            count(outcome, len(batch.records))


def _load(
    fields: Mapping[bytes, bytes], load_model: Callable[[str], Model], first_model: str, epoch: int
) -> Refresher:
    on_record = fields.get(MODEL_FIELD)
    world = World.load({name: value for name, value in fields.items() if name != MODEL_FIELD})
    return Refresher(world, load_model, on_record.decode() if on_record else first_model, epoch)


def write_out(
    write: faust_redis.Transaction, refresher: Refresher, outcome: Outcome, namespace: str
) -> None:
    """Put what a batch came to into its transaction."""
    newest: dict[str, bytes] = {}
    for published in outcome.published:
        write.append(CHANGES, published.body)
        newest[published.match_id] = published.body
    for match_id, body in newest.items():
        write.set(prediction(namespace, match_id), body)
    for record, error, reason in outcome.set_aside:
        write.dead(record, reason=reason, error=error)
    for field, value in refresher.world.take_changes():
        if value is None:
            write.remove(STATE, field)
        else:
            write.put(STATE, field, value)


def count(outcome: Outcome, records: int) -> None:
    """Count what a batch came to."""
    metrics.EVENTS.labels(APP).inc(records)
    metrics.FORECASTS.inc(len(outcome.published))
    metrics.CONFIDENCE.observe_many(
        published.confidence for published in outcome.published if published.is_open
    )
    for record, error, reason in outcome.set_aside:
        metrics.ERRORS.labels(error).inc()
        log.warning("set an event aside", position=record.position, error=error, reason=reason)
