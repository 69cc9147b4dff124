"""The transport's numbers for Prometheus, by app, and by topic and partition where it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from faust.types import TP, AppT

_COUNTED = {
    "fenced": "Partitions that were taken from this worker while it thought it held them.",
    "rebalances": "Moves of partitions to or from this worker.",
    "dead": "Records that were set aside.",
    "trimmed_past": "Records that were removed before this app had read them.",
}


class Metrics:
    """Collectors of one registry; several apps of one process may share them."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        where = ("app", "topic", "partition")
        self._counters = {
            name: Counter(f"faust_redis_{name}", text, ("app",), registry=registry)
            for name, text in _COUNTED.items()
        }
        self._commit_s = Histogram(
            "faust_redis_commit_seconds",
            "From the end of a round's work to its commit.",
            ("app",),
            buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1, 5),
            registry=registry,
        )
        self._lag = {
            "lag_records": Gauge(
                "faust_redis_lag_records", "Records not committed yet.", where, registry=registry
            ),
            "lag_s": Gauge(
                "faust_redis_lag_seconds",
                "How long the oldest record not committed yet has waited.",
                where,
                registry=registry,
            ),
        }

    def watch(self, app: AppT) -> None:
        """Count what happens in an app from now on; call it in the worker, before it starts."""
        name = app.conf.id

        def note(what: str, where: TP | None, amount: float) -> None:
            if what == "commit_s":
                self._commit_s.labels(name).observe(amount)
            elif what in self._lag and where is not None:
                self._lag[what].labels(name, where.topic, where.partition).set(amount)
            elif what in self._counters:
                self._counters[what].labels(name).inc(amount)

        app.consumer.watch.listeners.append(note)
