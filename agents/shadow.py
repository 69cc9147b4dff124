"""``shadow``: a challenger forecasts the same events beside the champion, for the record only."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from redis.asyncio import Redis

import faust_redis
from agents import metrics, record
from agents.refresh import Refresher
from agents.sink import Sink
from features import World
from model_store import CHALLENGER
from schemas.keys import EVENTS, SHADOW, STATE, cursor, stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    import faust

    from model_store.model import Model

APP = "shadow"
RUN_SUFFIX = "/shadow"
"""Of the run under which a challenger's forecasts stand in Postgres, as ``live/shadow``.

Not the run itself: a challenger that is promoted goes on under the same label.
"""

_MODEL_FIELD = b"model"
_FORECAST = "forecast"

# A shadow that begins takes the champion's state and position as they are at one instant: it could
# not fold again what is trimmed, and must count no event twice.
_BEGIN = """
if redis.call('HEXISTS', KEYS[3], 'position') == 1 then return false end
local position = redis.call('HGET', KEYS[2], 'position')
if not position then return false end
redis.call('DEL', KEYS[4])
redis.call('COPY', KEYS[1], KEYS[4])
redis.call('HDEL', KEYS[4], ARGV[1])
return position
"""


def build(
    app: faust.App,
    *,
    load_model: Callable[[str], Model],
    redis_url: str,
    database_url: str,
    namespace: str,
    run: str,
    first_model: str = "",
    batch_records: int = 256,
) -> None:
    """Give *app* the agent that lets the challenger forecast.

    The challenger is the one last named on a partition's stream, before that *first_model*; while
    there is none, events are folded and nothing is forecast. Forecasts go to Postgres alone.
    """
    run += RUN_SUFFIX
    sink = Sink(
        database_url,
        run=run,
        app=APP,
        table="forecasts",
        columns=record.COLUMNS,
        key=("run", "match_id", "epoch", "revision", "model"),
    )
    start_from = beginner(redis_url, namespace)
    events = faust_redis.batch_topic(app, EVENTS, max_records=batch_records, start_from=start_from)
    state = faust_redis.Table(app, SHADOW)
    owned: dict[int, tuple[int, Refresher]] = {}
    load_once = cache(metrics.counted(load_model, APP))

    def refresher_of(batch: faust_redis.Batch) -> Refresher:
        held = owned.get(batch.partition)
        if held is None or held[0] != batch.generation:
            fields = state.partition(batch.partition)
            refresher = _load(fields, load_once, first_model, batch.epoch)
            owned[batch.partition] = held = batch.generation, refresher
        return held[1]

    @app.agent(events, name=APP)
    async def shadow(batches: AsyncIterator[faust_redis.Batch]) -> None:
        async for batch in batches:
            refresher = refresher_of(batch)
            outcome = refresher.process(batch.records)
            made = [faust_redis.Record(batch.position, one.body) for one in outcome.published]
            # Before the commit: what is done again after a crash is known to Postgres by its key.
            await sink.write(batch.partition, made, partial(record.row, run, batch.partition))
            _keep(batch.write, refresher)
            metrics.EVENTS.labels(APP).inc(len(batch.records))
            metrics.SHADOW_FORECASTS.inc(len(made))


def beginner(redis_url: str, namespace: str) -> Callable[[int], Awaitable[str | None]]:
    """What is asked before a partition is taken: where to begin, or ``None`` to go on."""

    async def begin(partition: int) -> str | None:
        keys = [
            stream(namespace, partition, STATE),
            cursor(namespace, partition, _FORECAST),
            cursor(namespace, partition, APP),
            stream(namespace, partition, SHADOW),
        ]
        async with Redis.from_url(redis_url) as client:
            found = await client.eval(_BEGIN, len(keys), *keys, _MODEL_FIELD)
        return None if found is None else found.decode()

    return begin


def _load(
    fields: Mapping[bytes, bytes], load_model: Callable[[str], Model], first_model: str, epoch: int
) -> Refresher:
    on_record = fields.get(_MODEL_FIELD)
    world = World.load({name: value for name, value in fields.items() if name != _MODEL_FIELD})
    label = on_record.decode() if on_record else first_model
    return Refresher(world, load_model, label, epoch, alias=CHALLENGER)


def _keep(write: faust_redis.Transaction, refresher: Refresher) -> None:
    """Put the folded state and the challenger's label into the batch's transaction."""
    for field, value in refresher.world.take_changes():
        if value is None:
            write.remove(SHADOW, field)
        else:
            write.put(SHADOW, field, value)
    if refresher.in_force:
        write.put(SHADOW, _MODEL_FIELD, refresher.in_force.encode())
