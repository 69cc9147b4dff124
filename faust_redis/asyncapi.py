"""Our streams as an AsyncAPI 3 document: ``python -m faust_redis.asyncapi`` prints it."""

from __future__ import annotations

import json
import sys
from typing import Any

_TEXT = {"type": "string"}
_BYTES = {"type": "string", "format": "binary"}
_POSITION = {"type": "string", "pattern": "^[0-9]+-[0-9]+$"}

_RECORD = {
    "e": (_BYTES, "The value, in the topic's serializer; left out for a value of None."),
    "k": (_BYTES, "The key, in the topic's key serializer."),
    "t": ({"type": "string", "pattern": r"^[0-9.e+-]+$"}, "When it happened, s since 1970."),
}
_LETTER = {
    "raw": (_BYTES, "The record's value; none where it has none."),
    "reason": (_TEXT, "Why it was set aside: raised, cannot be read, killed its worker, …"),
    "error": (_TEXT, "What the error said."),
    "error_class": (_TEXT, "The error's class."),
    "traceback": (_TEXT, "A hash of where it was raised."),
    "attempts": ({"type": "string", "pattern": "^[0-9]+$"}, "How often it was handed out."),
    "position": (_POSITION, "Its id in the topic's stream."),
    "topic": (_TEXT, "The topic; events where it is left out."),
    "app": (_TEXT, "The app that set it aside."),
    "k": _RECORD["k"],
    "t": _RECORD["t"],
}
_CHANGE = {
    "k": (_BYTES, "The table's key, in its key serializer."),
    "e": (_BYTES, "Its value; left out when it was deleted."),
}


def _payload(fields: dict[str, tuple[dict[str, Any], str]], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            name: {**kind, "description": text} for name, (kind, text) in fields.items()
        },
        "patternProperties": {"^h:": {**_BYTES, "description": "The header of that name."}},
        "required": required,
    }


def _channel(address: str, message: str, description: str, *names: str) -> dict[str, Any]:
    return {
        "address": address,
        "description": description,
        "parameters": {
            name: {"description": PARAMETERS[name]} for name in ("namespace", "partition", *names)
        },
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
    }


PARAMETERS = {
    "namespace": "The apps' namespace; faust unless the broker's URL says otherwise.",
    "partition": "The partition's number; in the key it stands in braces.",
    "topic": "The topic's name.",
    "app": "The app's id.",
    "table": "The table's name.",
}


def document() -> dict[str, Any]:
    """The document."""
    messages = {
        "record": _payload(_RECORD, []),
        "letter": _payload(_LETTER, ["reason", "error", "position", "app"]),
        "change": _payload(_CHANGE, ["k"]),
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "faust_redis streams",
            "version": "1.0.0",
            "description": "Redis Streams that Faust programs read and write.",
        },
        "defaultContentType": "application/octet-stream",
        "channels": {
            "records": _channel(
                "{namespace}:{partition}:{topic}", "record", "A topic's records.", "topic"
            ),
            "letters": _channel(
                "{namespace}:{partition}:dead", "letter", "Records that were set aside."
            ),
            "changelogs": _channel(
                "{namespace}:{partition}:{app}-{table}-changelog",
                "change",
                "Changes of a table in memory://, or of a global one.",
                "app",
                "table",
            ),
        },
        "operations": {
            "append": {
                "action": "send",
                "channel": {"$ref": "#/channels/records"},
                "description": "By XADD, to a partition that there is. Where records must be "
                "stored once, or held back while readers lag, by a Publisher alone.",
            },
            "read": {"action": "receive", "channel": {"$ref": "#/channels/records"}},
            "look": {"action": "receive", "channel": {"$ref": "#/channels/letters"}},
        },
        "components": {
            "messages": {name: {"name": name, "payload": body} for name, body in messages.items()}
        },
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=2) + "\n")
