"""A feed's author is told what is wrong, where, and in words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from producers import simulate
from producers.documents import Document, Form, documents, form_of
from producers.feed_check import FeedCheck, Severity
from schemas.competitions import load_competitions
from schemas.errors import FeedError
from schemas.events import encode_event

FIXTURE: dict[str, Any] = {
    "specversion": "1.0",
    "type": "fixture.scheduled",
    "source": "my-feed",
    "id": "fixture",
    "subject": "n1-2025-26-ajax-psv-1",
    "partitionkey": "netherlands",
    "time": "2025-08-10T09:00:00Z",
    "data": {
        "competition": "n1",
        "season": "2025-26",
        "kick_off": "2025-08-17T12:30:00Z",
        "home": "Ajax",
        "away": "PSV",
    },
}
ODDS: dict[str, Any] = {
    **FIXTURE,
    "type": "odds.changed",
    "id": "odds",
    "time": "2025-08-15T09:00:00Z",
    "data": {"bookmaker": "b365", "home": 1.9, "draw": 3.5, "away": 4.0},
}


def checked(*events: dict[str, Any] | bytes, continues: bool = False) -> list[tuple[Any, ...]]:
    """What a check of these events finds, one a line."""
    check = FeedCheck(load_competitions(), continues=continues)
    raw = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
    return [
        (finding.line, finding.severity, finding.field, finding.reason)
        for number, body in enumerate(raw, 1)
        for finding in check.look(Document(number, body))
    ]


def changed(**fields: Any) -> dict[str, Any]:
    """The odds with other fields; None where one is left out."""
    return {name: value for name, value in {**ODDS, **fields}.items() if value is not None}


def prices(**fields: Any) -> dict[str, Any]:
    """The odds with other data."""
    return changed(data={**ODDS["data"], **fields})


@pytest.mark.parametrize(
    ("event", "field", "words"),
    [
        (changed(id=None), "id", "is missing"),
        (changed(id=7), "id", "must be text, not a whole number; it is 7"),
        (changed(id=""), "id", 'must have at least 1 characters; it is ""'),
        (changed(time="2025-08-15T09:00:00"), "time", "needs a time zone"),
        (changed(time="yesterday"), "time", "must be a time such as 2025"),
        (changed(subject="Ajax PSV"), "subject", "lower-case letters and digits"),
        (changed(type="odds.moved"), "type", 'it is "odds.moved"'),
        (changed(type="match.finished", data={"home_score": 1}), "data.away_score", "is missing"),
        (changed(specversion="0.3"), "specversion", 'allowed here; it is "0.3"'),
        (prices(home=0.9), "data.home", "must be above 1; it is 0.9"),
        (prices(home="1.9"), "data.home", "must be a number, not text"),
        (prices(bookmaker="b" * 300), "data.bookmaker", "at most 200 characters"),
        (b'{"type":', "", "is no JSON: it ends too early"),
        (b"[]", "", "must be an object, not a list"),
        (b"{nonsense", "", "is no JSON: "),
    ],
)
def test_an_event_that_cannot_be_read_is_told_with_field_and_reason(
    event: dict[str, Any] | bytes, field: str, words: str
) -> None:
    ((line, severity, found, reason),) = checked(FIXTURE, event)

    assert (line, severity, found) == (2, Severity.ERROR, field)
    assert words in reason


def test_a_wrong_field_deep_in_a_list_is_named() -> None:
    incident = {"incident_id": "1", "revision": 1, "kind": "goal", "side": "left", "minute": 3}
    snapshot = {
        "as_of": "2025-08-17T13:00:00Z",
        "period": "first_half",
        "minute": 30,
        "home_score": 1,
        "away_score": 0,
        "incidents": [{**incident, "side": "home"}, incident],
    }

    ((_, _, field, reason),) = checked(FIXTURE, changed(type="match.snapshot", data=snapshot))

    assert field == "data.incidents[1].side"
    assert 'it is "left"' in reason


def test_what_the_live_agent_would_reject_is_an_error_here() -> None:
    found = checked(ODDS, FIXTURE, changed(partitionkey="england", id="2"))

    assert [(line, severity) for line, severity, _, _ in found] == [
        (1, Severity.ERROR),
        (3, Severity.ERROR),
    ]
    assert "a fixture.scheduled must come first" in found[0][3]
    assert "belongs to pool netherlands" in found[1][3]


def test_a_feed_that_goes_on_from_another_may_leave_out_the_fixtures() -> None:
    assert checked(ODDS, continues=True) == []


def test_a_competition_in_the_wrong_pool_is_an_error() -> None:
    ((_, _, field, reason),) = checked({**FIXTURE, "partitionkey": "holland"})

    assert field == "partitionkey"
    assert reason == "competition n1 is in pool netherlands, not in holland"


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (changed(type="model.promoted", subject="", data={"model": "mine@1"}), "type"),
        (changed(type="feed.silent", subject="", data={"silent_source": "you"}), "type"),
        (changed(source="sabiscore"), "source"),
        (changed(source="clock"), "source"),
    ],
)
def test_what_is_not_for_feeds_to_say_is_an_error(event: dict[str, Any], field: str) -> None:
    assert [(line, found) for line, _, found, _ in checked(FIXTURE, event)] == [(2, field)]


def test_a_second_use_of_an_id_is_an_error_and_a_copy_is_none() -> None:
    found = checked(FIXTURE, ODDS, ODDS, prices(home=2.0))

    assert [(line, field) for line, _, field, _ in found] == [(4, "id")]


def test_fields_that_nobody_reads_and_unknown_words_are_warnings() -> None:
    found = checked(FIXTURE, prices(phase="pre", stake=10))

    assert [(severity, field) for _, severity, field, _ in found] == [
        (Severity.WARNING, "data.phase"),
        (Severity.WARNING, "data.stake"),
    ]
    assert "known are opening, current, closing" in found[0][3]


def test_a_whole_season_of_our_own_has_nothing_wrong() -> None:
    check = FeedCheck(load_competitions())
    told = list(simulate.league(1, seasons=1).events())

    found = [
        finding
        for number, event in enumerate(told, 1)
        for finding in check.look(Document(number, encode_event(event)))
    ]

    assert found == []
    assert (check.events, check.wrong, check.copies) == (len(told), 0, 0)
    assert check.types["match.finished"] > 100


def test_lines_batches_and_single_events_are_told_apart_and_numbered() -> None:
    one = json.dumps(FIXTURE, indent=1).encode()
    lines = b'{"a":1}\r\n\n{"b":2}\n'
    batch = b' [{"a": 1}, {"b":2}]'

    forms = [form_of(body) for body in (one, lines, batch, b"{broken")]
    numbered = [(d.number, d.raw) for d in documents(lines, Form.LINES)]

    assert forms == [Form.ONE, Form.LINES, Form.BATCH, Form.LINES]
    assert numbered == [(1, b'{"a":1}'), (3, b'{"b":2}')]
    assert [d.raw for d in documents(batch, Form.BATCH)] == [b'{"a": 1}', b'{"b":2}']
    with pytest.raises(FeedError, match="no JSON array of events"):
        list(documents(b'[{"a":1},', Form.BATCH))
