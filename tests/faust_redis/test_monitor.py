"""Our Monitor says what Faust's says; who is alone is called without a detour, and not for ever."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from faust.sensors import Monitor as FaustMonitor
from faust.types import TP

from faust_redis import App
from faust_redis.monitor import Monitor, Sensors


class Named:
    """A stream or a task, of which a monitor wants the name; a stream belongs to a task."""

    def __init__(self, name: str, task: Named | None = None) -> None:
        self.name = name
        self.task_owner = task

    def __str__(self) -> str:
        return self.name


TABLE: Any = SimpleNamespace(name="counts")
TASK = Named("task")


def watched(monitor: FaustMonitor, *streams: Any) -> dict[str, Any]:
    """What a monitor says of a record on each stream, of which the last one is still in hand."""
    event: Any = None
    for offset, stream in enumerate(streams):
        tp = TP("events", offset % 2)
        message: Any = SimpleNamespace(time_in=None, time_out=None, time_total=None)
        monitor.on_message_in(tp, offset, message)
        state = monitor.on_stream_event_in(tp, offset, stream, event)
        monitor.on_table_get(TABLE, "key")
        monitor.on_table_set(TABLE, "key", 1)
        if stream is not streams[-1]:
            monitor.on_stream_event_out(tp, offset, stream, event, state)
            monitor.on_message_out(tp, offset, message)
            assert message.time_total == message.time_out - message.time_in > 0
    tables = {name: table.asdict() for name, table in monitor.tables.items()}
    return {**monitor.asdict(), "tables": tables, "runtime": list(monitor.events_runtime)}


def ticking() -> Any:
    """A clock that goes on by one at every look."""
    return count().__next__


def test_what_the_monitor_says_is_what_fausts_own_says() -> None:
    one, other, last = Named("one", TASK), Named("other", Named("its own")), Named("last", TASK)

    ours = watched(Monitor(time=ticking()), one, one, other, one, last)

    assert ours == watched(FaustMonitor(time=ticking()), one, one, other, one, last)
    assert ours["events_by_stream"] == {"one": 3, "other": 1, "last": 1}
    assert (ours["messages_active"], ours["events_active"]) == (1, 1)


def test_a_stream_that_belongs_to_no_task_is_counted_as_well() -> None:
    said = watched(Monitor(), Named("first"), Named("second"))

    assert said["events_by_task"] == {"None": 2}


class Counting(faust.Sensor):
    """A program's own sensor."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def on_message_in(self, tp: TP, offset: int, message: Any) -> None:
        del tp, message
        self.seen.append(offset)


@pytest.fixture
def sensors() -> Sensors:
    app = App("app", broker="redis://127.0.0.1:1", namespace="t")
    assert app.transport
    assert isinstance(app.sensors, Sensors)
    return app.sensors


def test_every_sensor_is_told_however_many_there_are(sensors: Sensors) -> None:
    first, second = Counting(), Counting()
    message: Any = None

    sensors.add(first)
    sensors.on_message_in(TP("a", 0), 1, message)
    sensors.add(second)
    sensors.on_message_in(TP("a", 0), 2, message)
    sensors.remove(first)
    sensors.on_message_in(TP("a", 0), 3, message)

    assert (first.seen, second.seen) == ([1, 2], [2, 3])


def test_a_sensor_that_was_there_before_the_broker_goes_on_being_told() -> None:
    app = App("app", broker="redis://127.0.0.1:1", namespace="t")
    early, sensor = app.sensors, Counting()
    app.sensors.add(sensor)
    assert app.transport
    message: Any = None

    app.sensors.on_message_in(TP("a", 0), 1, message)
    app.sensors.add(late := Counting())
    early.on_message_in(TP("a", 0), 2, message)

    assert (sensor.seen, late.seen) == ([1, 2], [2])


def test_a_program_keeps_the_monitor_of_its_own() -> None:
    class Own(FaustMonitor):
        pass

    own = App("app", broker="redis://127.0.0.1:1", namespace="t", Monitor=Own)
    plain = faust.App("app", broker="redis://127.0.0.1:1")
    plain_own = faust.App("app", broker="redis://127.0.0.1:1", Monitor=Own)
    assert plain.transport
    assert plain_own.transport

    assert type(own.monitor) is Own
    assert type(plain.monitor) is Monitor
    assert type(plain_own.monitor) is Own
