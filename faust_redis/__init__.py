"""Faust over Redis Streams: any Faust program, or batches; one fenced commit for all of it."""

from __future__ import annotations

from faust_redis.app import App
from faust_redis.batch import Batch, Record
from faust_redis.dead import DeadLetters, Letter
from faust_redis.errors import BackPressureError, CommitTimeoutError, TransportError
from faust_redis.journal import Journal
from faust_redis.metrics import Metrics
from faust_redis.publisher import AsyncPublisher, Publisher
from faust_redis.table import Table
from faust_redis.topic import BatchTopic, batch_topic
from faust_redis.transaction import Transaction
from faust_redis.worker import run, running

__all__ = [
    "App",
    "AsyncPublisher",
    "BackPressureError",
    "Batch",
    "BatchTopic",
    "CommitTimeoutError",
    "DeadLetters",
    "Journal",
    "Letter",
    "Metrics",
    "Publisher",
    "Record",
    "Table",
    "Transaction",
    "TransportError",
    "batch_topic",
    "run",
    "running",
]
