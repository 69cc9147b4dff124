"""A server of reads in a thread of its own, for clients that are not asynchronous."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

from dashboard.app import create_app
from dashboard.serve import _listen, config_of
from dashboard.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_WITHIN_S = 60


@contextmanager
def serving(redis_url: str, port: int = 0, **settings: Any) -> Iterator[str]:
    """The address of a server that is ready."""
    wanted = Settings(redis_url=redis_url, **settings)
    app = create_app(wanted)
    server = uvicorn.Server(config_of(app, wanted))
    with _listen("127.0.0.1", port) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        deadline_s = time.monotonic() + READY_WITHIN_S
        while httpx.get(f"{url}/readyz", timeout=READY_WITHIN_S).status_code != 200:
            assert time.monotonic() < deadline_s, "the reads are not ready"
            time.sleep(0.02)
        try:
            yield url
        finally:
            app.state.hub.close()
            server.should_exit = True
            thread.join()
