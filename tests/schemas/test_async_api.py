"""The AsyncAPI document says what is on our streams, and how events get there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from schemas import async_api, keys
from schemas.events import EVENT_TYPES, Event, encode_event
from tests.schemas.samples import sample

if TYPE_CHECKING:
    from pathlib import Path


def payload_schema(message: str) -> dict[str, Any]:
    """The JSON Schema that a message's field ``e`` refers to, as the file in the docs has it."""
    payload = async_api.document()["components"]["messages"][message]["payload"]
    where = payload["properties"]["e"]["contentSchema"]["$ref"]
    schema: dict[str, Any] = json.loads((async_api.FILE.parent / where).read_text("utf-8"))
    return schema


def test_the_document_in_the_docs_is_up_to_date() -> None:
    assert async_api.main(["--check"]) == 0


def test_a_document_that_is_out_of_date_is_told_and_written_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "asyncapi.json"
    file.write_text("{}")

    assert async_api.main(["--check"], file) == 1
    assert "asyncapi.json is out of date" in capsys.readouterr().err
    assert async_api.main([], file) == 0
    assert async_api.main(["--check"], file) == 0
    assert async_api.main(["--chek"], file) == 2


def test_every_reference_leads_somewhere() -> None:
    found = async_api.document()

    for channel in found["channels"].values():
        for message in channel["messages"].values():
            assert message["$ref"].rpartition("/")[2] in found["components"]["messages"]
        assert all(f"{{{name}}}" in channel["address"] for name in channel["parameters"])
    for operation in found["operations"].values():
        assert operation["channel"]["$ref"].rpartition("/")[2] in found["channels"]


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_an_event_on_the_stream_is_what_the_document_refers_to(kind: type[Event]) -> None:
    body = json.loads(encode_event(sample(kind)))

    schema = payload_schema(body["type"])

    Draft202012Validator(schema).validate(body)
    assert body["type"] in async_api.document()["channels"]["events"]["messages"]


def test_the_channels_are_our_streams_and_hold_what_we_put_there() -> None:
    channels = async_api.document()["channels"]

    assert len(channels["events"]["messages"]) == len(EVENT_TYPES)
    assert list(channels["changes"]["messages"]) == ["forecast"]
    assert payload_schema("forecast")["$id"] == "urn:sabiscore:forecast"
    for name in (keys.EVENTS, keys.CHANGES):
        address = channels[name]["address"].replace("{partition}", "{{{partition}}}")
        assert address.format(namespace="n", partition=3) == keys.stream("n", 3, name)


def test_nobody_is_invited_to_append_events_himself() -> None:
    operations = async_api.document()["operations"]
    appending = [o for o in operations.values() if o["action"] == "send"]

    assert len(appending) == 2
    assert "POST /v1/events" in operations["appendEvents"]["description"]
    assert "never to `events`" in operations["append"]["description"]
