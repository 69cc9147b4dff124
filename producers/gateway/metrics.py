"""What Prometheus learns of the gateway; shared with the other processes of a folder."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class GatewayMetrics:
    """The counters of one gateway, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter(
            "sabiscore_gateway_events_total",
            "Events sent to the gateway: stored, refused for what they say, held back for now.",
            ["result"],
            registry=self.registry,
        )
        for result in ("stored", "refused", "held"):
            self.events.labels(result)
