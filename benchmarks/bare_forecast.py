"""The yardstick: one redis-py loop that folds, forecasts and writes; no Faust, no owner, no fence.

Same fold, model and bytes as the agent, and one script for what a batch writes, so that this is as
fast as a loop over the same core gets. ``python -m benchmarks.bare_forecast``; settings come from
the environment as for ``sabiscore worker``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from agents.refresh import Refresher
from benchmarks.follow import Follower
from commands.settings import given, settings_from
from faust_redis import Record
from features import World
from model_store import ModelStore
from schemas.keys import CHANGES, EVENTS, STATE, cursor, prediction, stream

if TYPE_CHECKING:
    from agents.refresh import Outcome

_BATCH_RECORDS = 256
_WRITE = """
local changes, puts, at = tonumber(ARGV[1]), tonumber(ARGV[2]), 4
for i = at, at + changes - 1 do redis.call('XADD', KEYS[1], '*', 'e', ARGV[i]) end
at = at + changes
for i = at, at + 2 * puts - 1, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
at = at + 2 * puts
for i = 4, #KEYS do redis.call('SET', KEYS[i], ARGV[at + i - 4]) end
redis.call('HSET', KEYS[3], 'position', ARGV[3])
"""


def main() -> None:
    """Forecast for ever."""
    settings = settings_from()
    client = redis.Redis.from_url(given(settings.redis, "redis"))
    write = client.register_script(_WRITE)
    model = ModelStore(settings.models).load("champion")
    names = [stream(settings.namespace, part, EVENTS) for part in range(settings.partitions)]
    refreshers = [Refresher(World(), lambda _label: model, model.label, 1) for _ in names]
    follower = Follower(client, names, count=_BATCH_RECORDS)
    while True:
        for partition, entries in follower.read():
            records = [Record(entry.decode(), fields[b"e"]) for entry, fields in entries]
            outcome = refreshers[partition].process(records)
            puts = refreshers[partition].world.take_changes()
            keys, values = _written(settings.namespace, partition, outcome, puts)
            write(keys, [len(outcome.published), len(puts), entries[-1][0], *values])


def _written(
    namespace: str, partition: int, outcome: Outcome, puts: list[tuple[bytes, bytes | None]]
) -> tuple[list[str], list[bytes]]:
    newest = {published.match_id: published.body for published in outcome.published}
    keys = [
        stream(namespace, partition, CHANGES),
        stream(namespace, partition, STATE),
        cursor(namespace, partition, "forecast"),
        *(prediction(namespace, match_id) for match_id in newest),
    ]
    values = [published.body for published in outcome.published]
    return keys, [*values, *(part or b"" for put in puts for part in put), *newest.values()]


if __name__ == "__main__":
    main()
