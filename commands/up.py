"""``sabiscore up``: servers, migrations, model, workers, reads and a feed in one go."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from commands import drain, feed, summary
from commands.exposition import SHARED_FOLDER, shared_metrics
from commands.gateway import with_token
from commands.play import Announcements, play, promote_model, publisher_for, split
from commands.read_probe import ReadProbe, Reads, wait_until_ready
from commands.servers import servers
from commands.supervise import Supervisor
from commands.worker import processes_of, usual
from embedded import ports
from model_store import ModelStore
from schemas.errors import ServerError
from schemas.keys import DEAD, stream

if TYPE_CHECKING:
    from rich.console import Console

    import faust_redis
    from commands.feed import Feed
    from commands.settings import Settings
    from schemas.events import AnyEvent


class Plan(Struct, frozen=True, kw_only=True):
    """What ``up`` was asked to do."""

    data: str | None
    speed: float
    host: str
    port: int
    once: bool
    keep: Path | None
    as_json: bool
    gateway_port: int | None = None

    @property
    def asked_at(self) -> str:
        """Where we ask ourselves: a server on every address answers on the loopback too."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104

    def url(self, port: int) -> str:
        """What is served at *port*, as a browser wants it."""
        return f"http://[{self.host}]:{port}" if ":" in self.host else f"http://{self.host}:{port}"


def up(settings: Settings, plan: Plan, console: Console) -> int:
    """Bring everything up, play the feed, and return the exit code.

    Raises:
        SabiscoreError: When a part cannot start; whatever had started is stopped again.
    """
    plan = _with_ports(plan)
    if plan.gateway_port is not None:
        settings = with_token(settings, console.print)
    # After an update its code is compiled, which takes some ten seconds.
    with console.status("Loading the model …"):
        model = ModelStore(settings.models).load("champion").label
    chosen = feed.choose(plan.data, settings, console.print)
    console.print(f"Feed: {chosen.name}: {len(chosen.matches):,} matches")
    for error in chosen.unread:
        console.print(f"[yellow]not read:[/] {error}", highlight=False)
    stop = threading.Event()
    with ExitStack() as stack:
        ready = stack.enter_context(
            servers(settings, keep=plan.keep, database=True, say=console.print)
        )
        shared = stack.enter_context(shared_metrics())
        supervisor = stack.enter_context(Supervisor([Path(shared[SHARED_FOLDER])]))
        _start(supervisor, ready, plan, shared)
        wait_until_ready(plan.port, supervisor.check, plan.asked_at)
        # Until here Ctrl-C interrupts at once; from here on it ends the feed in good order.
        stack.enter_context(_stopped_by_signals(stop))
        console.print(f"Page: [bold]{plan.url(plan.port)}/[/]  (Ctrl-C ends)")
        if plan.gateway_port is not None:
            console.print(f"POST events to {plan.url(plan.gateway_port)}/v1/events")
        return _Run(ready, plan, chosen, model, supervisor, stop, console).go()


def _with_ports(plan: Plan) -> Plan:
    """The plan with ports that can be had; 0 means any that is free.

    Raises:
        ServerError: When one cannot be had, or both are one.
    """
    ports.require_free(plan.port, plan.host)
    port = plan.port or ports.free_port(plan.host)
    gateway_port = plan.gateway_port
    if gateway_port is not None:
        ports.require_free(gateway_port, plan.host, flag="--gateway")
        gateway_port = gateway_port or ports.free_port(plan.host)
        if gateway_port == port:
            message = f"--port and --gateway are both {port}: choose another for one of them."
            raise ServerError(message)
    return replace(plan, port=port, gateway_port=gateway_port)


def _start(supervisor: Supervisor, settings: Settings, plan: Plan, shared: dict[str, str]) -> None:
    env = settings.environment() | shared
    for name, command in processes_of(usual(settings), settings.forecasters):
        supervisor.start(name, command, env)
    words = ["serve", "--host", plan.host, "--port", str(plan.port)]
    supervisor.start("serve", words, env)
    if plan.gateway_port is not None:
        words = ["gateway", "--host", plan.host, "--port", str(plan.gateway_port)]
        supervisor.start("gateway", words, env)


class _Run:
    """One run over the servers that ``up`` brought up."""

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        chosen: Feed,
        model: str,
        supervisor: Supervisor,
        stop: threading.Event,
        console: Console,
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._feed = chosen
        self._model = model
        self._supervisor = supervisor
        self._stop = stop
        self._console = console
        self._published = 0

    def go(self) -> int:
        """Play the seasons; then end (``--once``) or go on serving until told to stop."""
        publisher = publisher_for(self._settings)
        token = self._settings.read_tokens.partition(",")[0].strip()
        probe = ReadProbe(self._plan.port, self._plan.asked_at, token=token)
        began_s = time.monotonic()
        try:
            announcements = Announcements(publisher, probe)
            self._play_all(publisher, announcements)
            if self._plan.once and not self._stop.is_set():
                self._drain(announcements)
            seconds = time.monotonic() - began_s
        finally:
            publisher.close()
            reads = probe.stop()
        if self._stop.is_set():
            return 130
        if self._plan.once:
            self._report(seconds, reads)
            return 0
        self._console.print("The feed has ended; still serving. Ctrl-C ends.")
        while not self._stop.wait(0.2):
            self._supervisor.check()
        return 130

    def _play_all(self, publisher: faust_redis.Publisher, announcements: Announcements) -> None:
        promote_model(publisher, self._settings, self._feed, self._model)
        earlier, newest = split(self._feed.events(), self._feed.newest_begins)
        season = self._feed.newest_season
        self._play(publisher, announcements, earlier, "Earlier seasons", float("inf"))
        self._play(publisher, announcements, newest, f"Season {season}", self._plan.speed)

    def _play(
        self,
        publisher: faust_redis.Publisher,
        announcements: Announcements,
        events: list[AnyEvent],
        label: str,
        speed: float,
    ) -> None:
        def heard(acknowledgement: object) -> None:
            self._supervisor.check()
            announcements.add(acknowledgement)  # type: ignore[arg-type]

        self._published += play(
            events,
            publisher,
            label=label,
            total=len(events),
            speed=speed,
            stop=self._stop,
            console=self._console,
            heard=heard,
        )

    def _drain(self, announcements: Announcements) -> None:
        client = drain.connect(str(self._settings.redis))

        def check() -> None:
            if self._stop.is_set():
                raise KeyboardInterrupt
            self._supervisor.check()
            announcements.look()

        with client, self._console.status("Waiting until all is committed, recorded, archived"):
            drain.wait(client, self._settings, usual(self._settings), check)
        check()

    def _report(self, seconds: float, reads: Reads) -> None:
        client = drain.connect(str(self._settings.redis))
        with client:
            partitions = range(self._settings.partitions)
            set_aside = sum(
                int(client.xlen(stream(self._settings.namespace, partition, DEAD)))
                for partition in partitions
            )
        told = summary.summarise(
            self._settings,
            self._feed,
            model=self._model,
            published=self._published,
            seconds=seconds,
            set_aside=set_aside,
            reads=reads,
        )
        if self._plan.as_json:
            print(summary.as_json(told))
        else:
            summary.show(told, self._settings, self._console)


class _stopped_by_signals:  # noqa: N801 - a context manager reads like a verb
    """Sets an event on SIGINT or SIGTERM while open; a second one is handled as before."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _handle(self, *_: object) -> None:
        self._stop.set()
