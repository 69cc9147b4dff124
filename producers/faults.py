"""What is wrong with an event, for the person who writes the feed: where, and in plain words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from schemas.events import EVENT_TYPES

if TYPE_CHECKING:
    from schemas.errors import MalformedEventError

_PLACE = re.compile(r" - at `(?P<place>[^`]*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_MISSING = re.compile(r"^Object missing required field `(\w+)`$")
_TYPE = re.compile(r"^Expected `([\w |]+)`(?:, got `(\w+)`)?$")
_BOUND = re.compile(r"^Expected `\w+` (>=|<=|>|<) (\S+)$")
_LENGTH = re.compile(r"^Expected `(str|array)` of length (>=|<=) (\d+)$")

_KINDS = {
    "array": "a list",
    "bool": "true or false",
    "date": "a day such as 2025-08-17",
    "datetime": "a time such as 2025-08-17T12:30:00Z",
    "float": "a number",
    "int": "a whole number",
    "null": "null",
    "object": "an object",
    "str": "text",
}
_PLAIN = {
    "Expected `str` matching": "must be lower-case letters and digits, joined by single dashes",
    "Expected `datetime` with a timezone": "needs a time zone, such as Z at its end",
    "Invalid RFC3339 encoded datetime": f"must be {_KINDS['datetime']}",
    "Invalid RFC3339 encoded date": f"must be {_KINDS['date']}",
    "Invalid enum value": "is none of the words that are allowed here",
}
_BOUNDS = {">": "above", ">=": "at least", "<": "below", "<=": "at most"}
_LONGEST_SHOWN = 60
_MISSING_VALUE = object()


class Fault(Struct, frozen=True):
    """The field (``data.home``; empty where it is the whole event) and what is wrong with it."""

    field: str
    reason: str


def fault_of(error: MalformedEventError) -> Fault:
    """Say what an event that cannot be read has wrong."""
    place = _PLACE.search(error.reason)
    path = place["place"].removeprefix("$").lstrip(".") if place else ""
    words = error.reason[: place.start()] if place else error.reason
    if missing := _MISSING.match(words):
        return Fault(f"{path}.{missing[1]}".lstrip("."), "is missing")
    if not path:
        return Fault("", _of_the_whole(words))
    return Fault(path, _of_a_field(words, path) + _shown(_value_at(error.raw, path)))


def _of_the_whole(words: str) -> str:
    if words == "Input data was truncated":
        return "is no JSON: it ends too early"
    if words.startswith("JSON is malformed: "):
        return "is no JSON: " + words.removeprefix("JSON is malformed: ")
    if kind := _TYPE.match(words):
        return _expected(kind)
    return words


def _of_a_field(words: str, path: str) -> str:
    if kind := _TYPE.match(words):
        return _expected(kind)
    if bound := _BOUND.match(words):
        return f"must be {_BOUNDS[bound[1]]} {bound[2].removesuffix('.0')}"
    if length := _LENGTH.match(words):
        unit = "characters" if length[1] == "str" else "entries"
        return f"must have {_BOUNDS[length[2]]} {length[3]} {unit}"
    if words.startswith("Invalid value") and path == "type":
        known = ", ".join(sorted(str(kind.__struct_config__.tag) for kind in EVENT_TYPES))
        return f"is none of the types there are ({known})"
    return next((plain for start, plain in _PLAIN.items() if words.startswith(start)), words)


def _expected(kind: re.Match[str]) -> str:
    wanted = " or ".join(_KINDS.get(word, word) for word in kind[1].split(" | "))
    return f"must be {wanted}" + (f", not {_KINDS.get(kind[2], kind[2])}" if kind[2] else "")


def _value_at(raw: bytes, path: str) -> Any:  # noqa: ANN401 - whatever stands there
    try:
        value = msgspec.json.decode(raw)
        for name, index in _STEP.findall(f".{path}"):
            value = value[name] if name else value[int(index)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, LookupError, TypeError):
        return _MISSING_VALUE
    return value


def _shown(value: object) -> str:
    if value is _MISSING_VALUE or isinstance(value, dict | list):
        return ""
    text = msgspec.json.encode(value).decode()
    if len(text) > _LONGEST_SHOWN:
        text = f"{text[:_LONGEST_SHOWN]}…"
    return f"; it is {text}"
