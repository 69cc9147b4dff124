"""Our streams as an AsyncAPI 3 document: ``docs/asyncapi.json``.

``python -m schemas.async_api`` writes the file, ``--check`` says whether it is out of date.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from faust_redis import asyncapi
from schemas import json_schema, keys

if TYPE_CHECKING:
    from pathlib import Path

FILE = json_schema.FOLDER.parent / "asyncapi.json"
_COMMAND = "python -m schemas.async_api"
_APPENDING = (
    "Never by a raw XADD: only the publish script appends here, which stores an event once, gives "
    "it its place and holds feeds back while the forecasts lag. From any language: POST "
    "/v1/events of `sabiscore gateway`. From Python also faust_redis.Publisher."
)


def document() -> dict[str, Any]:
    """The streams of every Faust program on Redis, and SabiScore's own two."""
    found = asyncapi.document()
    found["info"] = {
        "title": "SabiScore streams",
        "version": found["info"]["version"],
        "description": "SabiScore's events and forecasts on Redis Streams, and what else lies on "
        "the streams of a Faust program there.",
    }
    described = json_schema.descriptions()
    events = [name for name in described if name != "forecast"]
    found["channels"] |= {
        "events": _channel(keys.EVENTS, "Validated events, a pool's in one partition.", events),
        "changes": _channel(keys.CHANGES, "Every forecast, in commit order.", ["forecast"]),
    }
    found["operations"] |= {
        "appendEvents": {**_operation("send", "events"), "description": _APPENDING},
        "readEvents": _operation("receive", "events"),
        "readChanges": _operation("receive", "changes"),
    }
    append = found["operations"]["append"]
    append["description"] += " So never to `events`: see appendEvents."
    found["components"]["messages"] |= {
        name: _message(name, summary) for name, summary in described.items()
    }
    return found


def _channel(topic: str, description: str, messages: list[str]) -> dict[str, Any]:
    return {
        "address": f"{{namespace}}:{{partition}}:{topic}",
        "description": description,
        "parameters": {
            "namespace": {"description": f"{keys.LIVE} for what is live; a replay has its own."},
            "partition": {"description": asyncapi.PARAMETERS["partition"]},
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _operation(action: str, channel: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


def _message(name: str, summary: str) -> dict[str, Any]:
    kind = "application/json" if name == "forecast" else "application/cloudevents+json"
    value = {
        "type": "string",
        "contentMediaType": kind,
        "contentSchema": {"$ref": f"schemas/{name}.json"},
        "description": "The document, as JSON.",
    }
    payload = {"type": "object", "properties": {"e": value}, "required": ["e"]}
    return {"name": name, "summary": summary, "payload": payload}


def main(arguments: list[str], file: Path = FILE) -> int:
    """Write, or only check with ``--check``; give the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write(f"usage: {_COMMAND} [--check]\n")
        return 2
    text = json.dumps(document(), indent=2) + "\n"
    if arguments and text != file.read_text("utf-8"):
        sys.stderr.write(f"docs/{file.name} is out of date: run {_COMMAND}\n")
        return 1
    if not arguments:
        file.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
