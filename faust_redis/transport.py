"""The transport that Faust finds under ``redis://``, ``rediss://`` and ``unix://``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import faust
from faust.agents.replies import ReplyConsumer as FaustReplyConsumer
from faust.assignor.leader_assignor import LeaderAssignor as FaustLeaderAssignor
from faust.models import maybe_model
from faust.sensors import Monitor as FaustMonitor
from faust.streams import Stream
from faust.transport.base import Transport as FaustTransport
from faust.transport.conductor import Conductor as FaustConductor
from faust.transport.consumer import TransactionManager as FaustTransactionManager
from mode.supervisors import OneForOneSupervisor

from faust_redis.consumer import Consumer
from faust_redis.monitor import Monitor, Sensors
from faust_redis.options import Options, from_url
from faust_redis.producer import Producer
from faust_redis.stream import RoundStream
from faust_redis.supervisor import Supervisor
from faust_redis.table import TableManager
from faust_redis.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from faust.types import AppT, StreamT
    from faust.types.transports import ConductorT, ConsumerT, ProducerT, TransactionManagerT
    from faust.types.tuples import RecordMetadata
    from mode.types import ServiceT
    from yarl import URL


class Conductor(FaustConductor):
    """Faust's conductor; a topic added late is subscribed to soon."""

    mundane_level = "debug"

    _resubscribe_sleep_lock_seconds = 0.1


class LeaderAssignor(FaustLeaderAssignor):
    """The owner of the first partition leads; no topic is made for it."""

    mundane_level = "debug"

    async def on_start(self) -> None:
        """Nothing to start (called by mode)."""

    def is_leader(self) -> bool:
        """Tell whether this worker runs what only one may run."""
        consumer = self.app.consumer
        return isinstance(consumer, Consumer) and consumer.leading


class ReplyConsumer(FaustReplyConsumer):
    """Faust's consumer of replies, which need not wait for a broker to make their topic."""

    async def _start_fetcher(self, topic_name: str) -> None:
        if topic_name in self._fetchers:
            return
        self._fetchers[topic_name] = None
        topic = self._reply_topic(topic_name)
        self.app.consumer.expect_replies(topic_name)
        # The stream subscribes to the topic, at once; Faust's own would do so twice.
        replies = topic.stream()
        self._fetchers[topic_name] = self.add_future(self._fulfil(replies))

    async def _fulfil(self, replies: StreamT[Any]) -> None:
        async for reply in replies:
            # But once: a question handed out again is answered again.
            for promise in self._waiting.pop(reply.correlation_id, ()):
                promise.fulfill(reply.correlation_id, maybe_model(reply.value))


class TransactionManager(FaustTransactionManager):
    """``processing_guarantee="exactly_once"``: which every round's commit is anyway."""

    mundane_level = "debug"

    async def on_rebalance(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Nothing to do: tokens fence."""

    async def send(self, *args: Any, **options: Any) -> Awaitable[RecordMetadata]:  # noqa: ANN401
        """Send with the commit of the record in hand."""
        sent: Awaitable[RecordMetadata] = await self.producer.send(*args, **options)
        return sent

    async def send_and_wait(self, *args: Any, **options: Any) -> RecordMetadata:  # noqa: ANN401
        """Send and wait."""
        return await self.producer.send_and_wait(*args, **options)

    def send_soon(self, fut: Any) -> None:  # noqa: ANN401
        """Send from code that cannot wait."""
        self.producer.send_soon(fut)

    async def commit(self, *args: Any, **options: Any) -> bool:  # noqa: ANN401
        """Nothing to do: every round is committed as soon as it is done."""
        del args, options
        return False


class Transport(FaustTransport):
    """Redis Streams in place of Kafka."""

    Consumer: ClassVar[type[ConsumerT]] = Consumer
    Producer: ClassVar[type[ProducerT]] = Producer
    Conductor: ClassVar[type[ConductorT]] = Conductor
    TransactionManager: ClassVar[type[TransactionManagerT]] = TransactionManager
    Fetcher: ClassVar[type[ServiceT]] = FaustTransport.Fetcher

    default_port = 6379
    driver_version = "faust_redis"

    def __init__(self, url: list[URL], app: AppT, **options: Any) -> None:  # noqa: ANN401
        super().__init__(url, app, **options)
        own: Options | None = getattr(app, "redis_options", None)
        self.options = own if own is not None else from_url(str(url[0]), app)
        app.sensors = Sensors(app, app.sensors)
        # There is no setting for who reads replies. It finds its loop when it starts.
        app.__dict__.setdefault("_reply_consumer", ReplyConsumer(app, beacon=app.beacon))
        if own is None:
            _fit(app)


def _fit(app: AppT) -> None:
    """Set up a plain Faust app whose broker is Redis; it may have declared its tables already."""
    # Through the front door Faust would warn that they were read before; that does no harm here.
    settings = app.conf.__dict__
    if settings["_Stream"] is Stream:
        settings["_Stream"] = RoundStream
    if settings["_Monitor"] is FaustMonitor:
        settings["_Monitor"] = Monitor
    if settings["_agent_supervisor"] is OneForOneSupervisor:
        settings["_agent_supervisor"] = Supervisor
    if settings["_Worker"] is faust.Worker:
        settings["_Worker"] = Worker
    settings["_LeaderAssignor"] = LeaderAssignor
    settings["_TableManager"] = TableManager
    settings["_topic_disable_leader"] = True
    settings["_stream_recovery_delay"] = 0.0
    declared = app.__dict__.get("tables")
    if declared is not None and not isinstance(declared, TableManager):
        # Tables were declared before anything asked for the broker.
        manager = TableManager(app=app, beacon=app.beacon)
        manager.data.update(declared.data)
        app.__dict__["tables"] = manager
