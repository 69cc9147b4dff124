# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
"""Answer questions, record what was answered by a sink, count on two agents of one topic."""

import os

import faust

app = faust.App("answers", broker=os.environ["BROKER"], topic_partitions=4, store="redis://")
numbers = app.topic("numbers", value_type=int)
squared = app.topic("squared", value_type=int)
ticks = app.topic("ticks", value_type=str)
evens = app.Table("evens", default=int)
totals = app.Table("totals", default=int)


async def note(value):
    """A sink that is a plain function."""
    await ticks.send(value=f"squared {value}", partition=1)


@app.agent(numbers, sink=[squared, note], concurrency=3)
async def square(stream):
    """Answer with the square."""
    async for number in stream:
        if number == 13:
            raise ValueError("thirteen has no square here")
        yield number * number


@app.agent(numbers)
async def count_evens(stream):
    """Count the even numbers, beside the agent that squares them."""
    async for _ in stream.filter(lambda number: number % 2 == 0):
        evens["even"] += 1


@app.agent(squared)
async def total(stream):
    """Sum the squares up."""
    async for number in stream:
        totals["squares"] += number


@app.timer(0.2, on_leader=True)
async def lead():
    """Say who leads, outside of any agent."""
    await ticks.send(value=f"led by {os.getpid()}", partition=0)


@app.timer(0.2)
async def beat():
    """Say that this worker is there, outside of any agent."""
    await ticks.send(value=f"beat of {os.getpid()}", partition=2)
