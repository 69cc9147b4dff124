"""The OpenAPI document says what is served, and the server gives no other answer."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dashboard.openapi import FILE, document, text
from tests.dashboard.bodies import MATCH_ID, made
from tests.dashboard.serving import READY_WITHIN_S, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

SHIPPED = Path(__file__).parents[2] / "model_store" / "shipped"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PATHS = sorted(set(document()["paths"]) - {"/v1/stream"})
"""The stream has no end; its own tests ask it."""
WITH_FIELDS = [path for path in PATHS if "422" in document()["paths"][path]["get"]["responses"]]


def test_the_document_in_the_docs_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == text(), "run python -m dashboard.openapi"


def test_every_reference_leads_somewhere() -> None:
    found = document()

    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if "$ref" in node:
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in set(references(found)):
        node = found
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


async def test_the_document_that_is_served_is_the_one_in_the_docs(served: Any) -> None:
    async with served() as client:
        answer = await client.get("/v1/openapi.json")

    assert answer.json() == json.loads(FILE.read_text("utf-8"))


@pytest.fixture(scope="module")
def address(one_valkey: Any) -> Iterator[str]:
    """A server in a thread of its own, over some matches and the shipped model."""
    if one_valkey.process is None:
        one_valkey.start()
    one_valkey.call("FLUSHALL")
    one_valkey.commit(*[made(f"e0-2024-25-home{n}-away-1", status="live") for n in range(3)])
    one_valkey.commit(made(MATCH_ID))
    with serving(one_valkey.url, models=SHIPPED, look_s=0.05) as url:
        deadline_s = time.monotonic() + READY_WITHIN_S
        while not httpx.get(f"{url}/v1/models", timeout=30).json()["models"]:
            assert time.monotonic() < deadline_s, "the models are not read"
            time.sleep(0.05)
        yield url


def asked(path: str, address: str, mode: GenerationMode) -> None:
    operation = schemathesis.openapi.from_dict(document())[path]["GET"]

    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        answer = case.call(base_url=address, timeout=30)

        case.validate_response(answer, checks=CHECKS)

    ask()


@pytest.mark.parametrize("path", PATHS)
def test_whatever_may_be_asked_is_answered_as_the_document_says(path: str, address: str) -> None:
    asked(path, address, GenerationMode.POSITIVE)


@pytest.mark.parametrize("path", WITH_FIELDS)
def test_whatever_may_not_be_asked_is_refused_as_the_document_says(path: str, address: str) -> None:
    asked(path, address, GenerationMode.NEGATIVE)


def test_what_is_told_of_one_match_fits_its_schema(address: str) -> None:
    found = document()
    for path, name in (
        (f"/v1/predictions/{MATCH_ID}", "Forecast"),
        (f"/v1/matches/{MATCH_ID}/timeline", "Timeline"),
        ("/v1/models/default@1", "Model"),
    ):
        body = httpx.get(address + path, timeout=30).json()

        jsonschema.validate(body, {"$ref": f"#/components/schemas/{name}"} | found)
