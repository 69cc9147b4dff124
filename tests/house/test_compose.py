from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"


def read(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def complaints(file: dict[str, Any]) -> list[str]:
    """Hold *file* against the compose specification's schema, as check-jsonschema ships it."""
    spec = find_spec("check_jsonschema")
    assert spec is not None
    assert spec.origin is not None
    text = Path(spec.origin).with_name("builtin_schemas").joinpath("vendor", "compose-spec.json")
    schema = json.loads(text.read_text())
    validator = validator_for(schema)(schema)
    return [error.message for error in validator.iter_errors(file)]


def test_the_compose_file_keeps_to_the_compose_specification() -> None:
    file = read(COMPOSE.read_text())

    assert complaints(file) == []


def test_the_specification_would_refuse_a_service_with_an_unknown_key() -> None:
    file = read(COMPOSE.read_text().replace("    image: redis", "    imag: redis"))

    assert [words for words in complaints(file) if "imag" in words] != []


def test_every_port_is_open_on_this_machine_alone() -> None:
    services = read(COMPOSE.read_text())["services"]

    ports = [port for service in services.values() for port in service.get("ports", [])]

    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_password_has_a_default() -> None:
    asked = re.findall(r"\$\{(\w+)(:\?|)", COMPOSE.read_text())

    assert {name for name, _ in asked} == {
        "SABISCORE_REDIS_PASSWORD",
        "SABISCORE_POSTGRES_PASSWORD",
    }
    assert all(must == ":?" for _, must in asked)


@pytest.mark.parametrize(
    "line", ["appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction"]
)
def test_the_redis_keeps_what_it_is_given(line: str) -> None:
    config = read(COMPOSE.read_text())["configs"]["redis"]["content"]

    assert line in config.splitlines()


@pytest.mark.parametrize("name", ["worker", "serve"])
def test_our_own_services_wait_until_both_servers_answer(name: str) -> None:
    file = read(COMPOSE.read_text())

    service = file["services"][name]

    assert service["depends_on"] == {
        "redis": {"condition": "service_healthy"},
        "postgres": {"condition": "service_healthy"},
    }
    assert all("healthcheck" in file["services"][other] for other in service["depends_on"])
