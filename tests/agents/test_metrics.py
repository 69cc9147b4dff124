"""Histograms that take a batch at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from agents.metrics import REFUSED_MODELS, BatchHistogram, counted
from schemas.errors import ModelError

if TYPE_CHECKING:
    from model_store.model import Model

VALUES = (0.0, 0.1, 0.1000001, 0.5, 0.75, 1.0, 7.0)
BUCKETS = (0.1, 0.5, 1.0)


def test_a_batch_counts_as_its_values_do_one_by_one() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    at_once = BatchHistogram("age", "Age.", buckets=BUCKETS, registry=ours)
    one_by_one = Histogram("age", "Age.", buckets=BUCKETS, registry=theirs)

    at_once.observe_many(VALUES)
    for value in VALUES:
        one_by_one.observe(value)

    assert _samples(ours) == _samples(theirs)


def test_an_empty_batch_counts_nothing() -> None:
    registry = CollectorRegistry()

    BatchHistogram("age", "Age.", buckets=BUCKETS, registry=registry).observe_many([])

    assert registry.get_sample_value("age_count") == 0


def test_a_model_that_is_refused_is_counted_from_nought_on() -> None:
    def load(reference: str) -> Model:
        raise ModelError(reference)

    counting = counted(load, "test-refusals")
    before = REFUSED_MODELS.labels("test-refusals")._value.get()

    with pytest.raises(ModelError, match="damaged@1"):
        counting("damaged@1")

    assert (before, REFUSED_MODELS.labels("test-refusals")._value.get()) == (0.0, 1.0)


def _samples(registry: CollectorRegistry) -> list[str]:
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if "_created" not in line]
