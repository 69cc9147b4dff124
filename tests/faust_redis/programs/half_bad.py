# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
"""Raises on every other number; three agents at a time count the numbers beside it."""

import os

import faust

app = faust.App("half_bad", broker=os.environ["BROKER"], topic_partitions=1, store="redis://")
numbers = app.topic("numbers", value_type=int)
others = app.topic("others", value_type=int)
good = app.Table("good", default=int)
seen = app.Table("seen", default=int)
out = app.topic("out", value_type=int)


@app.agent(numbers)
async def count(stream):
    """Count the even numbers."""
    async for number in stream:
        good["numbers"] += 1
        if number % 2:
            raise ValueError(number)
        await out.send(value=number)


@app.agent(numbers, concurrency=3)
async def see(stream):
    """Count what is seen of each; no one sees a fifth of them."""
    async for number in stream:
        seen["numbers"] += 1
        if number % 10 == 4:
            raise ValueError(number)


@app.agent(others)
async def count_others(stream):
    """Count another topic of the same partition."""
    async for _ in stream:
        good["others"] += 1
