# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
"""Dies over one record, raises on another, and counts the rest."""

import os

import faust

app = faust.App("deadly", broker=os.environ["BROKER"], topic_partitions=2, store="redis://")
jobs = app.topic("jobs", value_type=str)
done = app.Table("done", default=int)
out = app.topic("out", value_type=str)


@app.agent(jobs)
async def work(stream):
    """Do a job."""
    async for job in stream:
        done[job] += 1
        await out.send(value=job, partition=0)
        if job == "kill":
            os.abort()
        if job == "raise":
            raise ValueError("told to")
