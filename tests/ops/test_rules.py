"""The alerts: proved by Prometheus's own tool where there is one, and by their names everywhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client.registry import REGISTRY

import agents.metrics
from dashboard.metrics import ReadMetrics

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

OPS = Path(__file__).parents[2] / "ops" / "prometheus"
ALERTS = {
    "PredictionConfidenceBelowBaseline",
    "PredictionLatencyP95High",
    "PredictionErrorRateHigh",
    "ReadMissed",
    "ReadsStopped",
    "ModelRefused",
}
# Outside of strings, ranges and label lists a word before no bracket is a metric or a keyword.
WORD = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*(?!\w)(?!\s*\()")
KEYWORDS = {"sum", "and", "or", "unless", "by", "without", "on", "ignoring", "bool", "le"}


def rules() -> list[dict[str, Any]]:
    loaded = yaml.safe_load((OPS / "rules.yml").read_text("utf-8"))
    return [rule for group in loaded["groups"] for rule in group["rules"]]


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not there; Debian has it in the package prometheus")
    return subprocess.run([found, *arguments], cwd=OPS, capture_output=True, text=True, check=False)


def names_in(expression: str) -> set[str]:
    bare = re.sub(r"\[[^]]*\]|\{[^}]*\}|\"[^\"]*\"|\d+[smhdwy]", " ", expression)
    return set(WORD.findall(bare)) - KEYWORDS


def samples_of(metric: Metric) -> set[str]:
    suffixes = {
        "histogram": ("_bucket", "_sum", "_count"),
        "counter": ("_total",),
    }.get(metric.type, ("",))
    return {metric.name + suffix for suffix in suffixes}


def declared() -> set[str]:
    assert agents.metrics.CONFIDENCE is not None
    registries: list[CollectorRegistry] = [REGISTRY, ReadMetrics()._registry]
    return {name for one in registries for metric in one.collect() for name in samples_of(metric)}


def test_each_alert_fires_stays_silent_and_recovers_as_written() -> None:
    answer = promtool("test", "rules", "rules_test.yml")

    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_prometheus_reads_the_scrape_configuration_and_its_rules() -> None:
    answer = promtool("check", "config", "prometheus.yml")

    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("written", "moved"),
    [
        ("< min(prediction_confidence_baseline)", "< 0"),
        ("> 200", "> 20"),
        ("[5m]))) > 0.2", "[5m]))) > 0.24"),
        ("[5m]))) > 0.2", "[5m]))) > 0.1"),
        (") > 0.01", ") > 0.001"),
        ("> 100", "> 10"),
        ("> 20\n", "> 2\n"),
        ("for: 5m", "for: 0m"),
        ("for: 10m", "for: 60m"),
        ("[10m])) > 0", "[10m])) > 1"),
        ("[10m])) > 0", "[30m])) > 0"),
        ("> 30\n", "> 300\n"),
        ("for: 1m", "for: 0m"),
        ("[15m])) > 0", "[15m])) > 2"),
        ("[15m])) > 0", "[60m])) > 0"),
    ],
)
def test_the_alerts_own_tests_notice_a_threshold_that_moved(
    tmp_path: Path, written: str, moved: str
) -> None:
    text = (OPS / "rules.yml").read_text("utf-8")
    assert written in text
    (tmp_path / "rules.yml").write_text(text.replace(written, moved), "utf-8")
    shutil.copy(OPS / "rules_test.yml", tmp_path)

    answer = promtool("test", "rules", str(tmp_path / "rules_test.yml"))

    assert answer.returncode != 0


def test_the_alerts_are_there_and_say_what_to_do() -> None:
    found = {rule["alert"]: rule for rule in rules()}

    assert set(found) == ALERTS
    assert all(rule["annotations"]["action"] for rule in found.values())
    assert all(rule["labels"]["severity"] in {"page", "ticket"} for rule in found.values())


def test_every_metric_that_an_alert_reads_is_one_that_we_export() -> None:
    read = set().union(*(names_in(rule["expr"]) for rule in rules()))

    assert {"prediction_confidence_sum", "prediction_latency_seconds_bucket"} <= read
    assert read <= declared()


def test_latency_has_an_edge_at_exactly_the_promised_200_ms() -> None:
    assert 0.2 in agents.metrics.LATENCY_S._upper_bounds
    assert agents.metrics.CONFIDENCE._upper_bounds[:-1] == [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
