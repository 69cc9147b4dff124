from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import events
from schemas.errors import MalformedEventError
from schemas.events import EVENT_TYPES, Event, decode_event, encode_event
from tests.schemas.samples import sample

PRICES = b'"home":1.4'


def _odds() -> bytes:
    raw = encode_event(sample(events.OddsChanged))
    assert PRICES in raw
    return raw


def _with(raw: bytes, **fields: object) -> bytes:
    return json.dumps(json.loads(raw) | fields).encode()


def _read(raw: bytes) -> events.AnyEvent | MalformedEventError:
    try:
        return decode_event(raw)
    except MalformedEventError as refused:
        return refused


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_an_event_of_every_type_survives_the_wire(kind: type[Event]) -> None:
    event = sample(kind)

    raw = encode_event(event)

    assert decode_event(raw) == event
    assert encode_event(decode_event(raw)) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"match.started"',
        b"not json",
        _odds()[:-1],
        _odds() + b"x",
        b"\xef\xbb\xbf" + _odds(),
        _with(_odds(), type="match.rained_off"),
        _with(_odds(), type=7),
        b'{"type":"match.started",' + _odds()[1:],
        _with(_odds(), specversion="0.3"),
        _with(_odds(), time="2024-08-17T11:00:00"),
        _with(_odds(), time=1723892400),
        _with(_odds(), time="2024-02-30T11:00:00Z"),
        _with(_odds(), data=None),
        _with(_odds(), id=""),
        _with(_odds(), source="s" * 201),
        _odds().replace(PRICES, b'"home":"1.4"'),
        _odds().replace(PRICES, b'"home":true'),
        _odds().replace(PRICES, b'"home":null'),
        _odds().replace(PRICES, b'"home":1.0'),
        _odds().replace(PRICES, b'"home":10000.5'),
        _odds().replace(PRICES, b'"home":NaN'),
        _odds().replace(PRICES, b'"home":Infinity'),
        _odds().replace(PRICES, b'"home":1e999'),
        _odds().replace(PRICES, b'"home":' + b"9" * 400),
        _odds().replace(b'"avg"', b'"a\x00g"'),
        _odds().replace(b'"avg"', b'"a\\u0000g"'),
        _odds().replace(b'"avg"', b'"\\ud800"'),
        _odds().replace(b'"avg"', b'"\xed\xa0\x80"'),
        _odds().replace(b'"avg"', b'"\xff"'),
        b"[" * 50_000,
        b'{"more":' + b"[" * 30_000 + b"]" * 30_000 + b"," + _odds()[1:],
    ],
)
def test_what_is_no_event_is_refused_with_its_bytes_and_a_reason(raw: bytes) -> None:
    with pytest.raises(MalformedEventError) as refused:
        decode_event(raw)

    assert refused.value.raw == raw
    assert refused.value.reason


@pytest.mark.parametrize(
    ("kind", "field", "value", "words"),
    [
        (events.MatchFinished, "home_score", -1, ">= 0"),
        (events.MatchFinished, "away_score", 100, "<= 99"),
        (events.MatchFinished, "home_score", 1.5, "`int`"),
        (events.MatchIncident, "minute", -1, ">= 0"),
        (events.MatchIncident, "minute", 131, "<= 130"),
        (events.MatchIncident, "stoppage", 131, "<= 130"),
        (events.ClockTick, "minute", 131, "<= 130"),
        (events.OddsChanged, "home", 1.0, "> 1"),
        (events.OddsChanged, "draw", -2.0, "> 1"),
        (events.OddsChanged, "away", 10_001.0, "<= 10000"),
        (events.FixtureScheduled, "kick_off", "2024-02-30T15:00:00Z", "RFC3339"),
        (events.FixtureScheduled, "kick_off", "18/08/2024", "RFC3339"),
        (events.FixtureScheduled, "kick_off", "2024-08-18T15:00:00", "timezone"),
    ],
)
def test_an_impossible_score_minute_price_or_date_is_named_by_its_field_and_its_bounds(
    kind: type[Event], field: str, value: object, words: str
) -> None:
    wire = json.loads(encode_event(sample(kind)))
    wire["data"][field] = value

    with pytest.raises(MalformedEventError) as refused:
        decode_event(json.dumps(wire).encode())

    assert words in refused.value.reason
    assert refused.value.reason.endswith(f"at `$.data.{field}`")


def test_a_megabyte_is_refused_unread() -> None:
    raw = _with(_odds(), source="s" * 1_000_000)

    with pytest.raises(MalformedEventError, match="at most 65536"):
        decode_event(raw)


@pytest.mark.parametrize("field", ["subject", "partitionkey"])
@pytest.mark.parametrize("slug", ["England", "eng land", "-england", "a--b", "england\n", "a:b"])
def test_only_slugs_can_become_keys(field: str, slug: str) -> None:
    raw = _with(_odds(), **{field: slug})

    with pytest.raises(MalformedEventError, match=field):
        decode_event(raw)


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (events.FixtureScheduled, "kick_off"),
        (events.FixtureChanged, "kick_off"),
        (events.MatchSnapshot, "as_of"),
        (events.FeedSilent, "last_heard"),
        (events.MatchStarted, None),
    ],
)
def test_an_instant_that_no_calendar_can_turn_to_utc_is_refused(
    kind: type[Event], field: str | None, instant: str
) -> None:
    wire = json.loads(encode_event(sample(kind)))
    (wire["data"] if field else wire)[field or "time"] = instant

    with pytest.raises(MalformedEventError, match="no year of football"):
        decode_event(json.dumps(wire).encode())


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_that_no_season_has_is_refused(day: str) -> None:
    wire = json.loads(encode_event(sample(events.ClockTick)))
    wire["data"] = {"day": day}

    with pytest.raises(MalformedEventError, match="no year of football"):
        decode_event(json.dumps(wire).encode())


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (events.MatchIncident, "revision"),
        (events.OddsChanged, "market_version"),
        (events.OddsSuspended, "market_version"),
    ],
)
def test_a_number_that_no_state_can_hold_is_refused(kind: type[Event], field: str) -> None:
    wire = json.loads(encode_event(sample(kind)))
    wire["data"][field] = 2**63

    with pytest.raises(MalformedEventError, match=field):
        decode_event(json.dumps(wire).encode())


@pytest.mark.parametrize(
    ("kind", "field", "enum"),
    [
        (events.OddsChanged, "phase", events.OddsPhase),
        (events.OddsChanged, "market", events.Market),
        (events.MatchIncident, "kind", events.IncidentKind),
        (events.MatchPeriod, "period", events.Period),
        (events.FixtureChanged, "status", events.FixtureStatus),
        (events.FeedStatus, "state", events.FeedState),
    ],
)
def test_a_word_we_do_not_know_yet_is_kept_as_unknown(
    kind: type[Event], field: str, enum: type[events.OpenEnum]
) -> None:
    wire = json.loads(encode_event(sample(kind)))
    wire["data"][field] = "of-next-year"

    event = decode_event(json.dumps(wire).encode())

    assert getattr(event.data, field) is enum("unknown")


def test_a_third_side_is_refused() -> None:
    wire = json.loads(encode_event(sample(events.MatchIncident)))
    wire["data"]["side"] = "referee"

    with pytest.raises(MalformedEventError, match="side"):
        decode_event(json.dumps(wire).encode())


def test_fields_of_a_newer_feed_are_passed_over() -> None:
    wire = json.loads(_odds())
    wire["traceparent"] = "00-1-1-00"
    wire["data"]["stake_limit"] = 100

    assert decode_event(json.dumps(wire).encode()) == sample(events.OddsChanged)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_the_one_error(raw: bytes) -> None:
    read = _read(raw)

    assert isinstance(read, Event) or read.raw == raw


@given(st.data())
def test_a_flipped_byte_makes_an_event_or_the_one_error(data: st.DataObject) -> None:
    raw = bytearray(_odds())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] = data.draw(st.integers(0, 255))

    read = _read(bytes(raw))

    if isinstance(read, Event):
        assert decode_event(encode_event(read)) == read
    else:
        assert read.raw == bytes(raw)


@given(
    instant=st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2400, 1, 1)),  # noqa: DTZ001
    offset=st.integers(-14, 14),
)
def test_an_instant_keeps_its_meaning_whatever_its_offset(
    instant: dt.datetime, offset: int
) -> None:
    time = instant.replace(tzinfo=dt.timezone(dt.timedelta(hours=offset)))

    event = decode_event(encode_event(sample(events.MatchStarted, time=time)))

    assert event.time == time
    assert event.time.astimezone(dt.UTC) == time
