# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
"""Convert orders, wherever they come in, by rates that one agent keeps for all workers."""

import os

import faust

app = faust.App(
    "rates", broker=os.environ["BROKER"], topic_partitions=4, store=os.environ.get("STORE")
)
news = app.topic("news", key_type=str, value_type=float)
orders = app.topic("orders", key_type=str, value_type=float)
converted = app.topic("converted")
rates = app.GlobalTable("rates", key_type=str, value_type=float, partitions=4)
last = app.Table("last", key_type=str, value_type=float)


@app.agent(news)
async def note(stream):
    """Keep the newest rate; a rate of 0 is no rate any more."""
    async for currency, rate in stream.items():
        if rate:
            rates[currency] = rate
        else:
            del rates[currency]


@app.agent(orders)
async def convert(stream):
    """Convert, where there is a rate."""
    async for event in stream.events():
        rate = rates.get(event.key)
        last.update({event.key: event.value})
        in_hand = [list(last.keys()), list(last.values()), last.pop(event.key), len(last)]
        told = {"rate": rate, "known": sorted(rates.keys()), "last": in_hand}
        await converted.send(key=event.key, value=told, partition=0)
