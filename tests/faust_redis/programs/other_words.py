# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
"""Another program that took the same id by mistake."""

import os

import faust

app = faust.App("words", broker=os.environ["BROKER"], topic_partitions=8)


@app.agent(app.topic("pages"))
async def read(stream):
    """Read something else."""
    async for _ in stream:
        pass
