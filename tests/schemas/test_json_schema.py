from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from schemas import json_schema
from schemas.events import EVENT_TYPES, Event, OddsChanged, encode_event
from tests.schemas.samples import sample

if TYPE_CHECKING:
    from pathlib import Path


def _validator(kind: type[Event]) -> Draft202012Validator:
    schema: dict[str, Any] = json_schema.schema_of(kind)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_the_documents_are_what_the_code_says() -> None:
    stale = json_schema.out_of_date()

    assert stale == [], "run python -m schemas.json_schema"


def test_a_changed_a_missing_and_a_left_over_document_are_all_out_of_date(tmp_path: Path) -> None:
    json_schema.write(tmp_path)
    (tmp_path / "forecast.json").write_text("{}")
    (tmp_path / "match.finished.json").unlink()
    (tmp_path / "match.forgotten.json").write_text("{}")

    stale = json_schema.out_of_date(tmp_path)
    json_schema.write(tmp_path)

    assert stale == ["forecast.json", "match.finished.json", "match.forgotten.json"]
    assert json_schema.out_of_date(tmp_path) == []


def test_an_unknown_argument_is_answered_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    code = json_schema.main(["--chek"])

    assert code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_an_encoded_event_of_every_type_is_valid(kind: type[Event]) -> None:
    wire = msgspec.json.decode(encode_event(sample(kind)))

    _validator(kind).validate(wire)

    assert wire["specversion"] == "1.0"


@pytest.mark.parametrize("kind", EVENT_TYPES)
@pytest.mark.parametrize(
    "fault",
    [{"time": 5}, {"partitionkey": "No Slug"}, {"data": None}, {"id": ""}, {"type": "rain"}],
    ids=lambda fault: next(iter(fault)),
)
def test_a_faulty_event_of_any_type_is_invalid(kind: type[Event], fault: dict[str, Any]) -> None:
    wire = msgspec.json.decode(encode_event(sample(kind))) | fault

    with pytest.raises(ValidationError):
        _validator(kind).validate(wire)


def test_a_word_that_a_list_may_gain_is_valid() -> None:
    wire = msgspec.json.decode(encode_event(sample(OddsChanged)))
    wire["data"]["phase"] = "after-hours"

    assert _validator(OddsChanged).is_valid(wire)
