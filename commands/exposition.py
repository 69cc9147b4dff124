"""Metrics of several processes of ours on one address."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from embedded import ports

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which prometheus_client shares metrics between processes."""


@contextmanager
def shared_metrics(port: int | None = None) -> Iterator[dict[str, str]]:
    """Yield the environment in which processes share their metrics; serve them all on *port*.

    Raises:
        ServerError: When *port* is in use.
    """
    if port is not None:
        ports.require_free(port, flag="--metrics-port")
    with tempfile.TemporaryDirectory(prefix="sabi-metrics-") as folder:
        if port is None:
            yield {SHARED_FOLDER: folder}
            return
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
        server, thread = start_http_server(port, registry=registry)
        try:
            yield {SHARED_FOLDER: folder}
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
