# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
"""Sum amounts in windows of ten seconds of the records' own time."""

import os
from datetime import timedelta

import faust

app = faust.App("windows", broker=os.environ["BROKER"], topic_partitions=4, store="redis://")
payments = app.topic("payments", key_type=str, value_type=float)
sums = app.Table("sums", default=float).tumbling(timedelta(seconds=10), key_index=True)
seen = app.Table("seen", default=list)


@app.agent(payments)
async def add(stream):
    """Add a payment to its window, and keep what the window holds then."""
    async for account, amount in stream.items():
        sums[account] += amount
        seen[account] = [*seen[account], sums[account].value()]
