"""Starting agents anew that raised: at once, however many records they raise on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mode.supervisors import OneForOneSupervisor

from faust_redis.poison import had_record_in_hand

if TYPE_CHECKING:
    from mode.types import ServiceT


class Supervisor(OneForOneSupervisor):
    """Faust's own, except that a record set aside costs neither a pause nor one of its restarts.

    An agent that raises again before Faust's supervisor waits for the next one is not heard for
    five seconds; and Faust ends the process over two in a hundredth of a second. What raises with
    no record in hand is left to those limits: nothing else would end it.
    """

    mundane_level = "debug"

    async def restart_services(self, services: list[ServiceT]) -> None:
        """Start these anew, and whatever raises on a record meanwhile."""
        others = [service for service in services if not await self._replaced(service)]
        await super().restart_services(others)
        # Nothing is awaited between the last look and the supervisor's wait, so none is missed.
        while not self.should_stop:
            replaced = [await self._replaced(service) for service in list(self._services)]
            if not any(replaced):
                return

    async def _replaced(self, service: ServiceT) -> bool:
        """True when it had raised on a record, and one in its place runs."""
        if self.replacement is None or not service.crashed:
            return False
        if not had_record_in_hand(service.crash_reason):
            return False
        index = self._index[service]
        fresh = await self.replacement(service, index)
        fresh.supervisor = self
        self.insert(index, fresh)
        await fresh.maybe_start()
        return True
