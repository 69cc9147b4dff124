"""What the workers count, under the names of the published design and a few of our own."""

from __future__ import annotations

import time
from bisect import bisect_left
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from model_store.model import Model


class BatchHistogram(Histogram):
    """A histogram that takes a batch at once: one lock and one write a bucket, not two a value."""

    def observe_many(self, values: Iterable[float]) -> None:
        """Count each of *values*, as ``observe`` would one by one."""
        total, counts = 0.0, [0] * len(self._upper_bounds)
        for value in values:
            total += value
            counts[bisect_left(self._upper_bounds, value)] += 1
        self._sum.inc(total)
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)


CONFIDENCE = BatchHistogram(
    "prediction_confidence",
    "Largest of the three probabilities of each forecast of an open match.",
    buckets=(0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
)
CONFIDENCE_BASELINE = Gauge(
    "prediction_confidence_baseline",
    "Mean confidence out of fold when the model in force was trained, less two standard errors.",
    multiprocess_mode="mostrecent",
)
LATENCY_S = BatchHistogram(
    "prediction_latency_seconds",
    "From an event stored in its stream to its forecasts in the cache.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.5),
)
ERRORS = Counter(
    "prediction_errors_total",
    "Events that gave no forecast because they or the model failed.",
    ["error_type"],
)
EVENTS = Counter("sabiscore_events_total", "Events folded or set aside.", ["app"])
FORECASTS = Counter("sabiscore_forecasts_total", "Forecasts committed.")
SHADOW_FORECASTS = Counter(
    "sabiscore_shadow_forecasts_total", "Forecasts of a challenger, for the record only."
)
REFUSED_MODELS = Counter(
    "sabiscore_models_refused_total",
    "Times a model was named that is missing, damaged or made for other features.",
    ["app"],
)
COMMIT_S = Histogram(
    "sabiscore_commit_seconds",
    "One atomic commit of a batch, from request to reply.",
    ["app"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)
FENCED = Counter("sabiscore_fenced_commits_total", "Commits refused to a former owner.", ["app"])


def note_model(model: Model) -> None:
    """Show the baseline of the model that has just come into force."""
    told = model.manifest.metrics
    CONFIDENCE_BASELINE.set(told.mean_confidence - 2 * told.confidence_error)


def counted(load_model: Callable[[str], Model], app: str) -> Callable[[str], Model]:
    """*load_model*, but that each refusal is counted before it is told."""
    # From nought on: a counter that appears with its first refusal has never increased.
    refused = REFUSED_MODELS.labels(app)

    def load(reference: str) -> Model:
        try:
            return load_model(reference)
        except ModelError:
            refused.inc()
            raise

    return load


def observe_latency(positions: Iterable[str]) -> None:
    """Count the age of each stream position (``ms-seq``, the server's clock) as of now.

    The server's and the worker's clock are assumed to agree; a negative age counts as none.
    """
    now_ms = time.time() * 1000.0
    stored_ms = (int(position.partition("-")[0]) for position in positions)
    LATENCY_S.observe_many(max(0.0, (now_ms - at_ms) / 1000.0) for at_ms in stored_ms)
