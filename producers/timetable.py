"""When a row's facts became known: the one table of times for feeds that give only a kick-off."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from msgspec import Struct

LONDON = ZoneInfo("Europe/London")
UTC = dt.UTC
USUAL_KICK_OFF = dt.time(15)
END_OF_DAY = dt.time(23, 59)
MARKETS_OPEN = dt.time(17)
HALF_TIME_AFTER = dt.timedelta(minutes=47)
FULL_TIME_AFTER = dt.timedelta(minutes=110)
CLOSING_BEFORE = dt.timedelta(minutes=1)
OPENING_BEFORE = dt.timedelta(hours=1)
ANNOUNCED_BEFORE = dt.timedelta(days=7)

# Days back to the day on which a round's prices were collected, Monday first: Friday for the
# matches of Friday to Monday, Tuesday for those of Tuesday to Thursday.
_DAYS_SINCE_OPENING = (3, 0, 1, 2, 0, 1, 2)


class Timetable(Struct, frozen=True):
    """The instants, in UTC, of all that a row can prove."""

    announced: dt.datetime
    opening: dt.datetime
    closing: dt.datetime
    kick_off: dt.datetime
    half_time: dt.datetime | None
    full_time: dt.datetime


def london(day: dt.date, time: dt.time) -> dt.datetime:
    """Turn a wall clock in London into an instant in UTC."""
    return dt.datetime.combine(day, time, LONDON).astimezone(UTC)


def start_of_day(day: dt.date) -> dt.datetime:
    """Give the instant at which a day begins in London."""
    return london(day, dt.time())


def london_day(instant: dt.datetime) -> dt.date:
    """Give the day in London on which an instant falls."""
    return instant.astimezone(LONDON).date()


def timetable(
    kick_off: dt.datetime, *, time_known: bool, announced_before: dt.timedelta = ANNOUNCED_BEFORE
) -> Timetable:
    """Derive every instant from the kick-off.

    Where the time of day is unknown, every result of a date comes at 23:59, so that no match of a
    day sees another.
    """
    local = kick_off.astimezone(LONDON)
    # Days are subtracted on the wall clock: a week before 15:00 is 15:00, summer time or not.
    announced = (local - announced_before).astimezone(UTC)
    open_day = local.date() - dt.timedelta(days=_DAYS_SINCE_OPENING[local.weekday()])
    opening = min(london(open_day, MARKETS_OPEN), kick_off - OPENING_BEFORE)
    return Timetable(
        announced=announced,
        opening=max(opening, announced),
        closing=max(kick_off - CLOSING_BEFORE, announced),
        kick_off=kick_off,
        half_time=kick_off + HALF_TIME_AFTER if time_known else None,
        full_time=kick_off + FULL_TIME_AFTER if time_known else london(local.date(), END_OF_DAY),
    )
