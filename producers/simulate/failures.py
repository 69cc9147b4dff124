"""What real feeds do wrong, each as a function: what arrives beside or instead of a sound event.

Every failure is put right in the end, as feeds do: a goal that never was is withdrawn, a match put
off is put on again, an award is annulled, a result corrected. So whatever was spoilt, the log
without failures says how all must end.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from producers.publish import RawRecord
from schemas.events import (
    AnyEvent,
    ClockTick,
    ClockTickData,
    FeedHeartbeat,
    FeedHeartbeatData,
    FeedSilent,
    FeedSilentData,
    FixtureChanged,
    FixtureChangedData,
    FixtureScheduled,
    FixtureStatus,
    IncidentKind,
    MatchFinished,
    MatchIncident,
    MatchPeriod,
    MatchSnapshot,
    MatchSnapshotData,
    MatchStarted,
    OddsChanged,
    OddsPhase,
    OddsSuspended,
    OddsSuspendedData,
    Operation,
    Period,
    encode_event,
)

if TYPE_CHECKING:
    from random import Random

_MINUTE = dt.timedelta(minutes=1)
_HALF = 45
_FULL = 90
CLOCK_SOURCE = "clock"


class Arrival(Struct, frozen=True):
    """Something that arrives, and when: an event, bytes, or what is known only by then."""

    at: dt.datetime
    what: AnyEvent | RawRecord | Callable[[Play], AnyEvent]


class Play(Struct):
    """The true story of a match so far, from which a feed would write its snapshots."""

    incidents: list[MatchIncident]


Failure: TypeAlias = Callable[[AnyEvent, "Random"], "list[Arrival] | None"]
"""Gives what arrives in place of an event, or none where it does not apply to it."""


def duplicate(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """The very same event once more, a little later."""
    return [Arrival(event.time, event), Arrival(_later(event, random, 5), event)]


def sent_again(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """The same said again under a new event id."""
    again = replace(event, id=f"{event.id}:again")
    return [Arrival(event.time, event), Arrival(_later(event, random, 5), again)]


def out_of_order(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """An event of play that others overtake."""
    if not isinstance(event, MatchIncident | ClockTick | MatchPeriod) or not event.subject:
        return None
    return [Arrival(_later(event, random, 4), event)]


def late_insert(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """A goal or card that is heard of a quarter of an hour later."""
    if not isinstance(event, MatchIncident):
        return None
    return [Arrival(_later(event, random, 30, least=15), event)]


def cancelled(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """A goal that never was, withdrawn after a look at the screen."""
    phantom = _phantom(event, random)
    if phantom is None:
        return None
    gone = replace(
        phantom,
        id=f"{phantom.id}:2",
        time=phantom.time + 2 * _MINUTE,
        data=replace(phantom.data, revision=2, op=Operation.RETRACT),
    )
    return [*_as_they_are(event, phantom), Arrival(gone.time, gone)]


def vanished(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """A goal that never was, and is missing from the next snapshot without a word."""
    phantom = _phantom(event, random)
    if phantom is None:
        return None
    as_of = phantom.time + 2 * _MINUTE
    return [*_as_they_are(event, phantom), _snapshot(phantom, as_of)]


def another_minute(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """An incident first told a few minutes off, then corrected by a second revision."""
    if not isinstance(event, MatchIncident):
        return None
    minute = max(1, event.data.minute - random.randint(1, 4))
    first = replace(event, id=f"{event.id}:first", data=replace(event.data, minute=minute))
    right = replace(event, time=event.time + _MINUTE, data=replace(event.data, revision=2))
    return _as_they_are(first, right)


def another_name(event: AnyEvent, _random: Random) -> list[Arrival] | None:
    """An incident told under an id that it does not keep: the next snapshot has it under another.

    The id that it keeps is the true one; the other is missing there, and so withdrawn.
    """
    if not isinstance(event, MatchIncident):
        return None
    data = replace(event.data, incident_id=f"{event.data.incident_id}-old")
    first = replace(event, id=f"{event.id}:old", data=data)
    return [*_as_they_are(first, event), _snapshot(first, first.time + _MINUTE)]


def clock_ahead(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """The feed's clock is some minutes ahead of ours."""
    if not isinstance(event, MatchIncident):
        return None
    return [Arrival(event.time, replace(event, time=_later(event, random, 5)))]


def minute_back(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """The minute goes back, as when stoppage time is told and the next half begins at 46."""
    if not isinstance(event, ClockTick) or event.data.minute is None:
        return None
    minute = max(0, event.data.minute - random.randint(1, 3))
    stoppage = 3 if minute in {_HALF, _FULL} else 0
    back = replace(
        event,
        id=f"{event.id}:back",
        time=event.time + dt.timedelta(seconds=20),
        data=ClockTickData(minute=minute, stoppage=stoppage),
    )
    return _as_they_are(event, back)


def corrected_result(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """A wrong result, put right within two days."""
    if not isinstance(event, MatchFinished):
        return None
    more = {random.choice(("home_score", "away_score")): random.randint(5, 9)}
    wrong = replace(event, id=f"{event.id}:wrong", data=replace(event.data, **more))
    right = replace(event, time=_later(event, random, 2 * 24 * 60, least=30))
    return _as_they_are(wrong, right)


def late_result(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """A result that is heard of up to two days later."""
    if not isinstance(event, MatchFinished):
        return None
    return [Arrival(_later(event, random, 2 * 24 * 60, least=30), event)]


def suspended(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """A market suspended before its last price, with a stale price told while it is."""
    if not isinstance(event, OddsChanged) or event.data.phase is not OddsPhase.CLOSING:
        return None
    at = event.time - random.randint(2, 20) * _MINUTE
    bookmaker = event.data.bookmaker
    stop = OddsSuspended(
        **_context(event, "suspended", at), data=OddsSuspendedData(bookmaker=bookmaker)
    )
    stale = replace(
        event,
        id=f"{event.id}:stale",
        time=at - _MINUTE,
        data=replace(event.data, phase=OddsPhase.CURRENT, home=1.01, draw=900.0, away=900.0),
    )
    # Known only when the last price is: all three arrive at once, the last one last.
    return [Arrival(event.time, one) for one in (stop, stale, event)]


def moved(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """A kick-off moved by some hours, and back again."""
    if not isinstance(event, FixtureScheduled):
        return None
    kick_off = event.data.kick_off + random.choice((-2, 2, 26)) * dt.timedelta(hours=1)
    return [
        Arrival(event.time, event),
        _changed(event, "moved", 1, FixtureStatus.SCHEDULED, kick_off),
        _changed(event, "back", 2, FixtureStatus.SCHEDULED, event.data.kick_off),
    ]


def postponed(event: AnyEvent, _random: Random) -> list[Arrival] | None:
    """A match postponed, and put on again for the day it had."""
    if not isinstance(event, FixtureScheduled):
        return None
    return [
        Arrival(event.time, event),
        _changed(event, "postponed", 3, FixtureStatus.POSTPONED, None),
        _changed(event, "on-again", 4, FixtureStatus.SCHEDULED, event.data.kick_off),
    ]


def renamed(event: AnyEvent, _random: Random) -> list[Arrival] | None:
    """A fixture told again under another id of the feed, and once with a team renamed."""
    if not isinstance(event, FixtureScheduled):
        return None
    other = replace(event.data, external_ids={event.source: f"{event.subject}-2"})
    strange = replace(event.data, home=f"{event.data.home} 1899")
    after = [event.time + hours * dt.timedelta(hours=1) for hours in (1, 2)]
    again = replace(event, id=f"{event.id}:re-keyed", time=after[0], data=other)
    false = replace(event, id=f"{event.id}:renamed", time=after[1], data=strange)
    return _as_they_are(event, again, false)


def abandoned(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """A match abandoned that goes on some minutes later; with a new date it would start anew."""
    return _interrupted(event, random, FixtureChangedData(status=FixtureStatus.ABANDONED), ())


def awarded(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """A match awarded 3–0 while it is played, and the award annulled."""
    award = FixtureChangedData(status=FixtureStatus.AWARDED, home_score=3, away_score=0)
    annulled = (FixtureChangedData(status=FixtureStatus.SCHEDULED),)
    return _interrupted(event, random, award, annulled)


def silent(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """A feed that is connected and says nothing of a match for a while."""
    if not isinstance(event, MatchStarted):
        return None
    at = _later(event, random, 60)
    head = _context(event, "silent", at) | {"source": CLOCK_SOURCE}
    quiet = FeedSilent(
        **head, data=FeedSilentData(silent_source=event.source, last_heard=event.time)
    )
    alive = FeedHeartbeat(**_context(event, "alive", at + 10 * _MINUTE), data=FeedHeartbeatData())
    return _as_they_are(event, quiet, alive)


def unknown_word(event: AnyEvent, _random: Random) -> list[Arrival] | None:
    """An incident of a kind that we do not know."""
    if not isinstance(event, MatchIncident):
        return None
    name = f"{event.data.incident_id}-unknown"
    data = replace(event.data, incident_id=name, kind=IncidentKind.UNKNOWN)
    strange = replace(event, id=f"{event.id}:unknown", data=data)
    return _as_they_are(event, strange)


def malformed(event: AnyEvent, random: Random) -> list[Arrival] | None:
    """Bytes that are no event: cut off, garbled, or impossible."""
    raw = encode_event(event)
    spoilt = [
        raw[: len(raw) // 2],
        b"\xff\xfe" + raw,
        raw.replace(b'"type":"', b'"type":"no.such.', 1),
        raw.replace(b'"time":"', b'"time":"x', 1),
        b"{}",
        b"",
    ]
    if isinstance(event, OddsChanged):
        draw = f',"draw":{event.data.draw}'.encode()
        spoilt += [raw.replace(draw, b',"draw":1.0'), raw.replace(draw, b"")]
    if isinstance(event, MatchIncident):
        minute = f'"minute":{event.data.minute}'.encode()
        spoilt += [raw.replace(minute, b'"minute":999')]
    number = random.randrange(len(spoilt))
    record = RawRecord(
        id=f"{event.id}:malformed:{number}",
        source=event.source,
        subject=event.subject,
        time=event.time,
        partitionkey=event.partitionkey,
        body=spoilt[number],
    )
    return [Arrival(event.time, event), Arrival(event.time, record)]


FAILURES: dict[str, Failure] = {
    failure.__name__: failure
    for failure in (
        *(duplicate, sent_again, out_of_order, late_insert, cancelled, vanished),
        *(another_minute, another_name, clock_ahead, minute_back, corrected_result, late_result),
        *(suspended, moved, postponed, renamed, abandoned, awarded, silent, unknown_word),
        malformed,
    )
}
"""Every failure by its name."""


def _later(event: AnyEvent, random: Random, most: int, least: int = 1) -> dt.datetime:
    return event.time + dt.timedelta(seconds=random.randint(60 * least, 60 * most))


def _as_they_are(*told: AnyEvent) -> list[Arrival]:
    return [Arrival(event.time, event) for event in told]


def _context(event: AnyEvent, what: str, at: dt.datetime) -> dict[str, Any]:
    return {
        "id": f"{event.id}:{what}",
        "source": event.source,
        "subject": event.subject,
        "time": at,
        "partitionkey": event.partitionkey,
    }


def _phantom(event: AnyEvent, random: Random) -> MatchIncident | None:
    """A goal for either side that nobody scored, half a minute after an incident."""
    if not isinstance(event, MatchIncident):
        return None
    name = f"{event.data.incident_id}-phantom"
    data = replace(
        event.data, incident_id=name, kind=random.choice((IncidentKind.GOAL, IncidentKind.RED))
    )
    time = event.time + dt.timedelta(seconds=30)
    return replace(event, id=f"{event.id}:phantom", time=time, data=data)


def _snapshot(event: MatchIncident, as_of: dt.datetime) -> Arrival:
    """A snapshot of the true story, written when it is told."""

    def written(play: Play) -> AnyEvent:
        known = [one.data for one in play.incidents if one.time <= as_of]
        goals = [one.side.value for one in known if one.kind is IncidentKind.GOAL]
        minute = max(one.minute for one in (event.data, *known))
        data = MatchSnapshotData(
            as_of=as_of,
            period=Period.FIRST_HALF if minute <= _HALF else Period.SECOND_HALF,
            minute=minute,
            home_score=goals.count("home"),
            away_score=goals.count("away"),
            incidents=known,
        )
        return MatchSnapshot(**_context(event, "snapshot", as_of), data=data)

    return Arrival(as_of, written)


def _changed(
    event: FixtureScheduled,
    what: str,
    day: int,
    status: FixtureStatus,
    kick_off: dt.datetime | None,
) -> Arrival:
    """A word on a fixture on one of the days between its announcement and its kick-off."""
    at = event.time + (event.data.kick_off - event.time) * day / 7
    at = at.replace(microsecond=0)
    data = FixtureChangedData(status=status, kick_off=kick_off)
    return Arrival(at, FixtureChanged(**_context(event, what, at), data=data))


def _interrupted(
    event: AnyEvent,
    random: Random,
    interruption: FixtureChangedData,
    ended_by: tuple[FixtureChangedData, ...],
) -> list[Arrival] | None:
    if not isinstance(event, MatchStarted):
        return None
    at = _later(event, random, 40, least=10)
    name = interruption.status.value
    stop = FixtureChanged(**_context(event, name, at), data=interruption)
    after = at + 15 * _MINUTE
    off = [FixtureChanged(**_context(event, f"{name}-off", after), data=on) for on in ended_by]
    started = replace(event, id=f"{event.id}:{name}-resumed", time=after + _MINUTE)
    return _as_they_are(event, stop, *off, started)


def chance(random: Random, rate: float) -> bool:
    """Whether a failure of this rate happens; none at 0, always at 1."""
    return not math.isclose(rate, 0.0) and random.random() < rate
