"""The transport that Faust finds under ``redis://``, ``rediss://`` and ``unix://``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from faust.assignor.leader_assignor import LeaderAssignor as FaustLeaderAssignor
from faust.transport.base import Transport as FaustTransport
from faust.transport.conductor import Conductor as FaustConductor
from faust.transport.producer import Producer as FaustProducer

from faust_redis.consumer import Consumer
from faust_redis.errors import UnsupportedError

if TYPE_CHECKING:
    from faust.types.transports import ConductorT, ConsumerT, ProducerT


class Producer(FaustProducer):
    """Sends are part of a batch's commit; one outside it would be doubled by a restart."""

    mundane_level = "debug"

    async def send(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - Faust's own
        """Refuse.

        Raises:
            UnsupportedError: Always.
        """
        del args, options
        message = "send with batch.write.append, which commits with the batch, or with a Publisher"
        raise UnsupportedError(message)

    send_and_wait = send


class Conductor(FaustConductor):
    """Faust's conductor; a topic added late is subscribed to soon."""

    mundane_level = "debug"

    _resubscribe_sleep_lock_seconds = 0.5


class LeaderAssignor(FaustLeaderAssignor):
    """The owner of the first partition leads; no topic is made for it."""

    mundane_level = "debug"

    async def on_start(self) -> None:
        """Nothing to start (called by mode)."""

    def is_leader(self) -> bool:
        """Tell whether this worker runs what only one may run."""
        consumer = self.app.consumer
        return isinstance(consumer, Consumer) and consumer.leading


class Transport(FaustTransport):
    """Redis Streams in place of Kafka."""

    Consumer: ClassVar[type[ConsumerT]] = Consumer
    Producer: ClassVar[type[ProducerT]] = Producer
    Conductor: ClassVar[type[ConductorT]] = Conductor

    default_port = 6379
    driver_version = "faust_redis"
