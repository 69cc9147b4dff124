"""JSON Schema (2020-12) of all that crosses the wire, written to ``docs/schemas``.

``python -m schemas.json_schema`` writes the files, ``--check`` says which are out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from schemas.events import EVENT_TYPES, OpenEnum
from schemas.forecast import Forecast

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_COMMAND = "python -m schemas.json_schema"
_TITLE_LINES = f"""\
# JSON Schemas

Written by `{_COMMAND}`; do not edit. An event is a CloudEvent 1.0 in structured JSON mode; a
forecast is what the cache, the changes stream and HTTP carry. Where a list of words may grow, any
other word is read as `unknown`.

| document | what it says |
|---|---|
"""


def documents() -> dict[str, str]:
    """Give every file's text by its name: one schema a type, and an index."""
    schemas = _schemas()
    index = "".join(
        f"| [`{name}`]({name}.json) | {sentence} |\n" for name, sentence in descriptions().items()
    )
    texts = {f"{name}.json": _pretty(schema) for name, schema in schemas.items()}
    return texts | {"README.md": _TITLE_LINES + index}


def descriptions() -> dict[str, str]:
    """Say in a sentence what each document is, by its name."""
    return {name: _first_sentence(schema["description"]) for name, schema in _schemas().items()}


def schema_of(kind: type) -> dict[str, Any]:
    """Describe one event type, or the forecast."""
    name = _tag(kind) if kind in EVENT_TYPES else kind.__name__.lower()
    schema = msgspec.json.schema(kind)
    definitions = {key: _opened(key, value) for key, value in schema["$defs"].items()}
    # The type itself stands at the top; what it is made of stands below.
    top = definitions.pop(kind.__name__)
    return {"$schema": _DIALECT, "$id": f"urn:sabiscore:{name}", **top, "$defs": definitions}


def out_of_date(folder: Path = FOLDER) -> list[str]:
    """Name the files that are missing, differ, or describe what is no more."""
    wanted = documents()
    there = {path.name: path.read_text("utf-8") for path in folder.glob("*") if path.is_file()}
    return sorted(
        name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name)
    )


def write(folder: Path = FOLDER) -> list[str]:
    """Bring the folder up to date; name the files that changed."""
    changed = out_of_date(folder)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = documents()
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name], "utf-8")
        else:
            (folder / name).unlink()
    return changed


def main(arguments: list[str]) -> int:
    """Write, or only check with ``--check``; give the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write(f"usage: {_COMMAND} [--check]\n")
        return 2
    if not arguments:
        sys.stdout.writelines(f"wrote docs/schemas/{name}\n" for name in write())
        return 0
    stale = out_of_date()
    sys.stderr.writelines(f"docs/schemas/{name} is out of date: run {_COMMAND}\n" for name in stale)
    return 1 if stale else 0


def _schemas() -> dict[str, dict[str, Any]]:
    schemas = {_tag(kind): schema_of(kind) for kind in EVENT_TYPES}
    return schemas | {"forecast": schema_of(Forecast)}


def _tag(kind: type) -> str:
    config: Any = getattr(kind, "__struct_config__")  # noqa: B009 - typed as object
    return str(config.tag)


def _opened(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    """Let a list of words that may grow accept any word."""
    if name not in {kind.__name__ for kind in OpenEnum.__subclasses__()}:
        return definition
    known = {"enum": definition.pop("enum")}
    return {**definition, "anyOf": [known, {"type": "string"}]}


def _pretty(schema: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def _first_sentence(words: str) -> str:
    return words.partition("\n")[0].rstrip(".")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
