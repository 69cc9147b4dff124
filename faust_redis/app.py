"""A Faust app whose broker is Redis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import faust

from faust_redis.address import parse
from faust_redis.keys import Keyspace
from faust_redis.monitor import Monitor
from faust_redis.options import Options
from faust_redis.stream import RoundStream
from faust_redis.supervisor import Supervisor
from faust_redis.table import TableManager
from faust_redis.transport import LeaderAssignor, Transport
from faust_redis.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faust.types.transports import TransportT

    from faust_redis.batch import Batch


class App(faust.App):
    """Reads ``{namespace}:{p}:<topic>`` of every partition and commits to the cursor of its *id*.

    *on_commit* is called with each committed batch and the seconds its commit took; *on_fenced*
    with each partition that was taken from us or had to be loaded anew.

    What every reader of a topic has committed is trimmed once it is older than *keep_s* and not
    among the newest *keep_records*; apps in *keep_for* count as readers before they first start.

    Raises:
        UnsupportedError: When an argument makes no sense.
    """

    mundane_level = "debug"

    def __init__(
        self,
        id: str,  # noqa: A002 - Faust's name
        *,
        broker: str,
        namespace: str,
        partitions: int = 8,
        lease_s: float = 5.0,
        max_records: int = 256,
        keep_s: float = math.inf,
        keep_records: int = 0,
        keep_for: Sequence[str] = (),
        on_commit: Callable[[Batch, float], None] | None = None,
        on_fenced: Callable[[int], None] | None = None,
        **options: Any,  # noqa: ANN401 - Faust's own
    ) -> None:
        self.id = id
        self.address = parse(broker)
        self.keyspace = Keyspace(namespace)
        self.partitions = partitions
        self.lease_s = lease_s
        self.redis_options = Options(
            address=self.address,
            keyspace=self.keyspace,
            partitions=partitions,
            lease_s=lease_s,
            max_records=max_records,
            keep_s=keep_s,
            keep_records=keep_records,
            keep_for=tuple(keep_for),
            asked_store=str(options.get("store") or ""),
        )
        self.on_commit = on_commit
        self.on_fenced = on_fenced
        settings = {
            # Faust shows its broker in logs and labels; ours without the password.
            "broker": str(self.address),
            "web_enabled": False,
            "topic_partitions": partitions,
            "topic_allow_declare": False,
            "topic_disable_leader": True,
            "stream_wait_empty": True,
            "stream_recovery_delay": 0.0,
            "worker_redirect_stdouts": False,
            "autodiscover": False,
            "Stream": RoundStream,
            "Monitor": Monitor,
            "agent_supervisor": Supervisor,
            "TableManager": TableManager,
            "LeaderAssignor": LeaderAssignor,
            "Worker": Worker,
        }
        super().__init__(id, **{**settings, **options})

    def call_committed(self, batch: Batch, seconds: float) -> None:
        """Tell whoever asked that a batch is committed."""
        if self.on_commit is not None:
            self.on_commit(batch, seconds)

    def call_fenced(self, partition: int) -> None:
        """Tell whoever asked that a partition was lost."""
        if self.on_fenced is not None:
            self.on_fenced(partition)

    def _new_transport(self) -> TransportT:
        return Transport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> TransportT:
        return Transport(self.conf.broker_producer, self)

    def _create_directories(self) -> None:
        # State is in Redis; nothing is kept in the working folder.
        pass
