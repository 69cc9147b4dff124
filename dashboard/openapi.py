"""The reads as an OpenAPI 3.1 document: ``python -m dashboard.openapi`` writes it to the docs."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import msgspec

from dashboard import bodies
from dashboard.incidents import Incidents
from dashboard.overview import Overview
from dashboard.query import DEFAULT_LIMIT, MAX_LIMIT, MAX_MATCHES, STATUSES
from dashboard.timeline import Timeline
from schemas.forecast import Forecast

FILE = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"
VERSION = "1"
JSON, PROBLEM = "application/json", "application/problem+json"
SLUG = "^([a-z0-9]+(-[a-z0-9]+)*)?$"
"""A slug, or nothing, which says: any."""
_REF = "#/components/schemas/{name}"
_TYPES = (
    Forecast,
    Timeline,
    Incidents,
    Overview,
    bodies.Predictions,
    bodies.Competitions,
    bodies.Teams,
    bodies.Models,
    bodies.Model,
    bodies.SystemStatus,
    bodies.Ready,
    bodies.Alive,
    bodies.Problem,
)
_ABOUT = (
    "Forecasts that are already there: no read computes one. `Sabi-Freshness` and `Age` say how "
    "old an answer may be. Errors are RFC 9457 problems; new fields may come, so ignore those "
    "that you do not know. Without read tokens in the settings nobody has to show one."
)
_WORDS = {
    304: "You hold the newest.",
    401: "A read token is needed.",
    404: "There is no such thing.",
    405: "Another method is served here.",
    414: "The path is too long.",
    422: "A field of the query cannot be read; it is named.",
    429: "Too much from this address; come back after `Retry-After` seconds.",
    431: "The headers are too long.",
    503: "Not now; come back after `Retry-After` seconds.",
}
_ALWAYS = (401, 405, 414, 429, 431)


def document() -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "SabiScore reads",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "parameters": _parameters(),
            "headers": _headers(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> dict[str, Any]:
    filters = ["competition", "date", "status", "team", "match"]
    return {
        "/v1/predictions/{match_id}": _get(
            "one", "The newest forecast of a match", "Forecast", [404, 503], ["match_id"]
        ),
        "/v1/predictions": _get(
            "many",
            "Forecasts by kick-off, in pages",
            "Predictions",
            [422],
            [*filters, "limit", "cursor"],
        ),
        "/v1/matches/{match_id}/timeline": _get(
            "timeline", "Every published revision", "Timeline", [404, 503], ["match_id"]
        ),
        "/v1/matches/{match_id}/incidents": _get(
            "incidents", "Goals, cards and reviews as they stand", "Incidents", [404], ["match_id"]
        ),
        "/v1/overview": _get("overview", "Days, competitions, the feed's clock", "Overview", []),
        "/v1/competitions": _get("competitions", "What is played", "Competitions", []),
        "/v1/teams": _get("teams", "Who plays", "Teams", [422], filters),
        "/v1/models": _get("models", "Model versions and their accuracy", "Models", []),
        "/v1/models/{label}": _get("model", "One version in full", "Model", [404], ["label"]),
        "/v1/status": _get("status", "How the system is", "SystemStatus", [], held=False),
        "/v1/stream": {"get": _stream(filters)},
        "/v1/openapi.json": _get("openapi", "This document", None, [], held=False),
        "/healthz": _get("healthz", "The process runs", "Alive", [], held=False),
        "/readyz": _ready(),
    }


def _get(
    name: str,
    words: str,
    body: str | None,
    problems: list[int],
    parameters: list[str] | None = None,
    *,
    held: bool = True,
) -> dict[str, Any]:
    """One path; *held* says that a client may send the tag of what it holds."""
    schema = {"$ref": _REF.format(name=body)} if body else {"type": "object"}
    parameters = [*(parameters or []), *(["if_none_match"] if held else [])]
    answers = {"200": _answer(words, JSON, schema, ["Age", "Sabi-Freshness", "ETag"] * held)}
    if held:
        answers["304"] = _answer(_WORDS[304], None, {}, ["ETag"])
    return {"get": _operation(name, words, answers, problems, parameters)}


def _operation(
    name: str, words: str, answers: dict[str, Any], problems: list[int], parameters: list[str]
) -> dict[str, Any]:
    problem = {"$ref": _REF.format(name="Problem")}
    refusals = {str(s): _answer(_WORDS[s], PROBLEM, problem) for s in sorted({*problems, *_ALWAYS})}
    return {
        "operationId": name,
        "summary": words,
        "parameters": [{"$ref": f"#/components/parameters/{one}"} for one in parameters],
        "responses": dict(sorted((answers | refusals).items())),
    }


def _answer(
    words: str, media: str | None, schema: dict[str, Any], headers: list[str] | None = None
) -> dict[str, Any]:
    names = [*(headers or []), "X-Request-Id"]
    answer: dict[str, Any] = {
        "description": words,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    if media:
        answer["content"] = {media: {"schema": schema}}
    return answer


def _stream(filters: list[str]) -> dict[str, Any]:
    words = (
        "Server-Sent Events without end. `forecast`: the newest forecast of a match, with `id` to "
        "go on from; `gone`: a match whose retention ended; `heartbeat`: we are there, and how "
        "fresh; `resync`: we cannot know what you missed, read again."
    )
    told = {"200": _answer(words, "text/event-stream", {"type": "string"})}
    parameters = [*filters, "since", "last_event_id"]
    return _operation("stream", "Changes as they come", told, [422, 503], parameters)


def _ready() -> dict[str, Any]:
    path = _get("readyz", "Whether the mirror was filled", "Ready", [], held=False)
    schema = {"$ref": _REF.format(name="Ready")}
    path["get"]["responses"]["503"] = _answer("Not filled yet.", JSON, schema)
    return path


def _parameters() -> dict[str, Any]:
    match_id = "e0-2024-25-arsenal-chelsea-1"
    return {
        "match_id": _field("match_id", "path", {"type": "string"}, "A match.", match_id),
        "label": _field("label", "path", {"type": "string"}, "A version.", "default@1"),
        "competition": _slug("competition", "Only matches of this competition.", "e0"),
        "team": _slug("team", "Only matches of this team, home or away.", "man-united"),
        "match": _field(
            "match",
            "query",
            {"type": "string", "pattern": "^[a-z0-9,-]*$"},
            f"Only these matches, with commas between them, at most {MAX_MATCHES}.",
            match_id,
        ),
        "date": _field(
            "date",
            "query",
            {"type": "string", "format": "date"},
            "Only kick-offs of this day (UTC).",
            "2025-05-24",
        ),
        "status": _field(
            "status",
            "query",
            {"type": "string", "enum": ["", *STATUSES]},
            "Only matches of this status.",
            "live",
        ),
        "limit": _field(
            "limit",
            "query",
            {"type": "integer", "default": DEFAULT_LIMIT},
            f"How many at most; clamped to 1 … {MAX_LIMIT:,}.",
            50,
        ),
        "cursor": _field(
            "cursor",
            "query",
            {"type": "string", "pattern": "^[A-Za-z0-9_=-]*$"},
            "The `next_cursor` of the page before.",
        ),
        "since": _field("since", "query", {"type": "string"}, "As `Last-Event-ID`."),
        "last_event_id": _field(
            "Last-Event-ID",
            "header",
            {"type": "string"},
            "The `id` heard last, or the `Sabi-Position` of a list: what changed since is told.",
        ),
        "if_none_match": _field(
            "If-None-Match", "header", {"type": "string"}, "The `ETag` that you hold."
        ),
    }


def _slug(name: str, words: str, example: str) -> dict[str, Any]:
    return _field(name, "query", {"type": "string", "pattern": SLUG}, words, example)


def _field(
    name: str, where: str, schema: dict[str, Any], words: str, example: object = None
) -> dict[str, Any]:
    field = {
        "name": name,
        "in": where,
        "required": where == "path",
        "description": words,
        "schema": schema,
    }
    return field | ({} if example is None else {"example": example})


def _headers() -> dict[str, Any]:
    text, number = {"type": "string"}, {"type": "string", "pattern": "^[0-9]+$"}
    return {
        "Age": {
            "description": "Seconds since this was surely the newest; 0 while we follow.",
            "schema": number,
        },
        "Sabi-Freshness": {
            "description": "Whether we follow Redis (or asked it just now) or answer from memory.",
            "schema": {"enum": ["following", "direct", "stopped", "recorded", "filling"]},
        },
        "ETag": {"description": '`"epoch-revision"` of one match.', "schema": text},
        "X-Request-Id": {"description": "Yours, or one of ours.", "schema": text},
    }


def _schemas() -> dict[str, Any]:
    _, components = msgspec.json.schema_components(_TYPES, ref_template=_REF)
    for component in components.values():
        if "description" in component:
            component["description"] = inspect.cleandoc(component["description"])
    return dict(sorted(components.items()))


def text() -> str:
    """The document as the docs hold it."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=1).decode() + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
