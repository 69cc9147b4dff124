"""What is read without complaint but was probably not meant: unknown fields and unknown words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from producers.faults import Fault
from schemas.events import OpenEnum, type_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.events import AnyEvent


def oddities(event: AnyEvent, raw: bytes) -> Iterator[Fault]:
    """Name every field of the data that nobody reads, and every word that is taken as unknown.

    Attributes beside ``data`` are CloudEvents' own business: anybody may add some.
    """
    said = msgspec.json.decode(raw)
    yield from _of(event.data, said.get("data", {}), "data", type_name(event))


def _of(read: Struct, said: dict[str, Any], path: str, kind: str) -> Iterator[Fault]:
    fields = read.__struct_fields__
    for name, value in said.items():
        place = f"{path}.{name}"
        if name not in fields:
            yield Fault(place, f"is no field of {kind}, and is not read")
            continue
        got = getattr(read, name)
        if isinstance(got, OpenEnum) and got.value == "unknown" and value != "unknown":
            known = ", ".join(word.value for word in type(got) if word.value != "unknown")
            yield Fault(place, f'"{value}" is taken as unknown; known are {known}')
        elif isinstance(got, list):
            for index, (inner, words) in enumerate(zip(got, value, strict=True)):
                yield from _of(inner, words, f"{place}[{index}]", kind)
