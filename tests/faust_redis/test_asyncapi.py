"""The AsyncAPI document says what is on the streams."""

from __future__ import annotations

import jsonschema
import pytest

from faust_redis.asyncapi import document
from faust_redis.batch import Record
from faust_redis.keys import Keyspace
from faust_redis.transaction import Transaction


def test_every_reference_leads_somewhere() -> None:
    found = document()

    for channel in found["channels"].values():
        for message in channel["messages"].values():
            assert message["$ref"].rpartition("/")[2] in found["components"]["messages"]
        assert all(f"{{{name}}}" in channel["address"] for name in channel["parameters"])
    for operation in found["operations"].values():
        assert operation["channel"]["$ref"].rpartition("/")[2] in found["channels"]


def test_what_is_written_to_dead_is_what_the_document_says() -> None:
    write = Transaction(Keyspace("t"), "app", 0, {})
    write.dead(Record("1-0", b"raw"), "why", "how")
    _, *words = [w.decode() if isinstance(w, bytes) else str(w) for w in write.args()[1:]]
    letter = dict(zip(words[::2], words[1::2], strict=True))

    schema = document()["components"]["messages"]["letter"]["payload"]
    jsonschema.validate(letter, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**letter, "position": "yesterday"}, schema)
