"""Faust's Monitor and its list of sensors: the same figures for less, asked for every record."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from faust.sensors import Monitor as FaustMonitor
from faust.sensors import SensorDelegate

if TYPE_CHECKING:
    from faust.types import TP, AppT, EventT, SensorT, StreamT
    from faust.types.tuples import Message

_OF_EACH_RECORD = (
    "on_message_in",
    "on_stream_event_in",
    "on_stream_event_out",
    "on_message_out",
    "on_table_get",
    "on_table_set",
    "on_table_del",
)


class Sensors(SensorDelegate):
    """Faust's list of sensors; one that is alone, as the Monitor mostly is, is called directly."""

    def __init__(self, app: AppT, known: SensorDelegate) -> None:
        super().__init__(app)
        for sensor in known:
            self._sensors.add(sensor)
        # Tables that were declared before hold on to Faust's own delegate, with the same sensors.
        known._sensors = self._sensors  # noqa: SLF001
        self._shorten()

    def add(self, sensor: SensorT) -> None:
        """Add a sensor."""
        super().add(sensor)
        self._shorten()

    def remove(self, sensor: SensorT) -> None:
        """Remove a sensor."""
        super().remove(sensor)
        self._shorten()

    def _shorten(self) -> None:
        for name in _OF_EACH_RECORD:
            self.__dict__.pop(name, None)
        if len(self._sensors) == 1:
            (only,) = self._sensors
            for name in _OF_EACH_RECORD:
                setattr(self, name, getattr(only, name))


class Monitor(FaustMonitor):
    """Faust's Monitor; what it says is the same, what it costs for each record is less."""

    mundane_level = "debug"

    _stream: StreamT[Any] | None = None
    _task: Any = None
    _names = ("", "")

    def on_stream_event_in(
        self, tp: TP, offset: int, stream: StreamT[Any], event: EventT[Any]
    ) -> Any:  # noqa: ANN401
        """Note that a stream hands a record to its agent; since when, for its end."""
        del offset, event
        self.events_total += 1
        self.events_active += 1
        self.stream_inbound_time[tp] = monotonic()
        task = stream.task_owner
        if stream is not self._stream or task is not self._task:
            self._names = self._look_up(stream, task)
            self._stream, self._task = stream, task
        of_stream, of_task = self._names
        self.events_by_stream[of_stream] += 1
        self.events_by_task[of_task] += 1
        return self.time()

    def _look_up(self, stream: Any, task: Any) -> tuple[str, str]:  # noqa: ANN401
        """What they are called, which stays as it was when they were first seen."""
        if stream not in self.stream_lookup:
            self.stream_lookup[stream] = str(stream)
        if task is None:
            return self.stream_lookup[stream], str(task)
        if task not in self.task_lookup:
            self.task_lookup[task] = str(task)
        return self.stream_lookup[stream], self.task_lookup[task]

    def on_stream_event_out(
        self,
        tp: TP,
        offset: int,
        stream: StreamT[Any],
        event: EventT[Any],
        state: Any = None,  # noqa: ANN401
    ) -> None:
        """Note that the agent is done with it."""
        del tp, offset, stream, event
        if state is not None:
            self.events_active -= 1
            self.events_runtime.append(self.time() - state)

    def on_message_out(self, tp: TP, offset: int, message: Message) -> None:
        """Note that all agents are done with a record."""
        del tp, offset
        self.messages_active -= 1
        now_s = message.time_out = self.time()
        if message.time_in is not None:
            message.time_total = now_s - message.time_in
