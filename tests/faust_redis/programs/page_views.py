# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
"""Count the views of pages that come in by user, a table in memory with its changelog."""

import os

import faust

app = faust.App("views", broker=os.environ["BROKER"], topic_partitions=4, store="memory://")


class View(faust.Record):
    """Somebody looked at a page."""

    page: str
    user: str


views = app.topic("views", value_type=View)
by_page = app.Table("by_page", default=int)


@app.agent(views)
async def count(stream):
    """Count by page, wherever the user's partition is."""
    async for view in stream.group_by(View.page):
        by_page[view.page] += 1
