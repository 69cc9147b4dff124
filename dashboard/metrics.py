"""What Prometheus learns of the reads, and of every process that shares the metrics folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from schemas.errors import SettingsError

if TYPE_CHECKING:
    from dashboard.hub import Hub

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class ReadMetrics:
    """The counters and gauges of one server of reads, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.reads = Counter(
            "sabiscore_reads_total",
            "Reads of one match. miss: a match that we know had no forecast, which is our fault.",
            ["result"],
            registry=self._registry,
        )
        for result in ("hit", "miss", "unknown"):
            self.reads.labels(result)
        self.hits = 0
        """Hits of this process; Prometheus is told of them when it asks."""
        self._told_hits = 0
        self.misses = 0
        """Misses of this process alone."""
        self.unreadable = Counter(
            "sabiscore_mirror_unreadable_total",
            "Bodies in Redis that are no forecast.",
            registry=self._registry,
        )
        self.restarts = Counter(
            "sabiscore_reads_tasks_restarted_total",
            "Tasks of the reads that ended though they have no end, and were begun again.",
            ["task"],
            registry=self._registry,
        )
        self._size = Gauge(
            "sabiscore_mirror_matches",
            "Matches that the mirror holds.",
            registry=self._registry,
            multiprocess_mode="livemin",
        )
        self._age = Gauge(
            "sabiscore_mirror_age_seconds",
            "Seconds since the mirror last knew that it held the newest; 0 while it follows Redis.",
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        self._ahead = Gauge(
            "sabiscore_mirror_ahead_matches",
            "Matches of which Redis holds an older forecast than the mirror: it went back in time.",
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        self._clients = Gauge(
            "sabiscore_stream_clients",
            "Clients that follow the stream of changes.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )

    def missed(self) -> None:
        """Count a match that we know without a forecast: our fault."""
        self.misses += 1
        self.reads.labels("miss").inc()

    def observe(self, hub: Hub) -> None:
        """Note how the mirror is."""
        self.reads.labels("hit").inc(self.hits - self._told_hits)
        self._told_hits = self.hits
        self._size.set(len(hub.mirror))
        self._age.set(hub.age_s)
        self._ahead.set(hub.ahead)
        self._clients.set(len(hub.subscriptions))

    def render(self) -> bytes:
        """All metrics of this process, or of every process of the shared folder."""
        if not os.environ.get(SHARED_FOLDER):
            return generate_latest(self._registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # it has no annotations
        return generate_latest(shared)


def check_shared_folder() -> None:
    """Make sure that the folder which processes share for their metrics is there.

    Raises:
        SettingsError: When it cannot be made.
    """
    folder = os.environ.get(SHARED_FOLDER)
    if not folder:
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the folder {folder} of {SHARED_FOLDER} cannot be made: {error.strerror}"
        raise SettingsError(msg) from error
