# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
"""Count words: lines are split by one agent, and counted by another."""

import os

import faust

app = faust.App(
    "words",
    broker=os.environ["BROKER"],
    topic_partitions=8,
    processing_guarantee="exactly_once",
    store="redis://",
)
lines = app.topic("lines", value_type=str)
words = app.topic("words", key_type=str, value_type=str)
counts = app.Table("counts", default=int)


@app.agent(lines)
async def split(stream):
    """Send every word of a line to the partition of that word."""
    async for line in stream:
        for word in line.split():
            await words.send(key=word, value=word)


@app.agent(words)
async def count(stream):
    """Count a word."""
    async for word in stream:
        counts[word] += 1
