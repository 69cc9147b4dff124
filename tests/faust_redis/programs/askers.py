# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
"""An agent that asks another one, over every record; both count in one table."""

import os

import faust

app = faust.App(
    "askers", broker=os.environ["BROKER"], topic_partitions=int(os.environ["PARTITIONS"])
)
numbers = app.topic("numbers", value_type=int)
out = app.topic("out", value_type=int)
counts = app.Table("counts", default=int)


@app.agent(value_type=int)
async def double(stream):
    """Answer with the double."""
    async for number in stream:
        counts["answers"] += 1
        yield number * 2


@app.agent(numbers)
async def ask(stream):
    """Ask for the double of a number, and for that of two more."""
    async for number in stream:
        counts["numbers"] += 1
        doubled = await double.ask(number)
        more = [more async for more in double.map([number + 1, number + 2])]
        await out.send(value=doubled + sum(more))
        counts["sums"] += 1
