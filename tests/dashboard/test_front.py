"""Who may read, how often, and what every answer says besides its body."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import httpx
import pytest

from dashboard.access import Access
from dashboard.admin import admin_app
from dashboard.limits import Buckets, network_of
from dashboard.parts import Parts
from dashboard.settings import Settings

MATCH_ID = "e0-2024-25-arsenal-chelsea-1"
PATH = f"/v1/predictions/{MATCH_ID}"
TOKEN = "a-token-of-24-characters"


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "authorization", [f"Bearer {TOKEN}", f"bearer  {TOKEN}", basic("anybody", TOKEN)]
)
async def test_a_token_opens_the_reads(
    valkey: Any, forecast: Any, served: Any, authorization: str
) -> None:
    valkey.commit(forecast())

    async with served(read_tokens=("another", TOKEN)) as client:
        headers = {"Authorization": authorization}
        found = [
            (await client.get(path, headers=headers)).status_code
            for path in (PATH, "/v1/predictions", "/")
        ]

    assert found == [200, 200, 200]


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer a-token", f"Digest {TOKEN}", "Basic !!!", basic(TOKEN, "")],
)
async def test_without_a_token_nothing_is_told_but_that_we_are_alive(
    valkey: Any, forecast: Any, served: Any, authorization: str | None
) -> None:
    valkey.commit(forecast())

    async with served(read_tokens=(TOKEN,)) as client:
        headers = {} if authorization is None else {"Authorization": authorization}
        refused = [
            await client.get(path, headers=headers)
            for path in (PATH, "/v1/predictions", "/v1/stream", "/", "/metrics", "/nothing")
        ]
        alive = await client.get("/healthz", headers=headers)

    assert {answer.status_code for answer in refused} == {401}
    challenges = [answer.headers.get_list("www-authenticate") for answer in refused]
    assert challenges == [['Basic realm="SabiScore reads", charset="UTF-8"', "Bearer"]] * 6
    assert all(TOKEN not in answer.text for answer in refused)
    assert alive.status_code == 200


def test_no_token_at_all_opens_the_reads_to_everybody() -> None:
    assert Access(()).allows(None)
    assert not Access(("x",)).allows(None)


async def test_an_address_that_asks_too_often_is_told_when_to_come_back(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())

    async with served(reads_per_s=0.01, trusted_proxies=("127.0.0.1",)) as client:
        one, other = ({"X-Forwarded-For": address} for address in ("10.0.0.1", "10.0.0.2"))
        first = await client.get(PATH, headers=one)
        second = await client.get(PATH, headers=one)
        neighbour = await client.get(PATH, headers=other)
        alive = await client.get("/healthz", headers=one)

    assert (first.status_code, second.status_code) == (200, 429)
    assert 0 < int(second.headers["retry-after"]) <= 100
    assert (neighbour.status_code, alive.status_code) == (200, 200)


def test_a_bucket_fills_up_again_and_holds_no_more_than_two_seconds() -> None:
    now_s = [0.0]
    buckets = Buckets(10.0, lambda: now_s[0])

    def passed() -> int:
        count = 0
        while not buckets.wait_s("10.0.0.1"):
            count += 1
        return count

    assert passed() == 20
    now_s[0] = 1.0
    assert passed() == 10
    now_s[0] = 1_000.0
    assert passed() == 20


def test_what_is_kept_of_addresses_is_bounded() -> None:
    buckets = Buckets(1.0, lambda: 0.0)

    for number in range(60_000):
        buckets.wait_s(f"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}")

    assert len(buckets._buckets) == 50_000


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("", ""),
    ],
)
def test_a_household_counts_as_one_address(address: str, who: str) -> None:
    assert network_of(address) == who


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        ((), None),
        (("https://other.example",), None),
        (("https://page.example",), "https://page.example"),
        (("*",), "*"),
    ],
)
async def test_pages_of_other_origins_read_where_the_settings_say_so(
    valkey: Any, forecast: Any, served: Any, origins: tuple[str, ...], allowed: str | None
) -> None:
    valkey.commit(forecast())

    async with served(cors_origins=origins) as client:
        headers = {"Origin": "https://page.example"}
        answers = [
            await client.get(path, headers=headers) for path in (PATH, "/v1/predictions", "/no")
        ]
        asked = {**headers, "Access-Control-Request-Method": "GET"}
        preflight = await client.options(PATH, headers=asked)

    assert {answer.headers.get("access-control-allow-origin") for answer in answers} == {allowed}
    assert preflight.headers.get("access-control-allow-origin") == allowed
    assert preflight.status_code == (204 if origins else 405)
    if origins:
        assert all("Origin" in answer.headers["vary"] for answer in answers)


async def test_an_answer_carries_the_id_of_its_request(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())

    async with served() as client:
        named = [
            await client.get(path, headers={"X-Request-Id": "abc-1"}) for path in (PATH, "/none")
        ]
        unnamed = [await client.get(path) for path in (PATH, PATH, "/v1/predictions", "/none")]
        hostile = await client.get(PATH, headers={"X-Request-Id": "a b<script>" * 10})

    assert {answer.headers["x-request-id"] for answer in named} == {"abc-1"}
    assert len({answer.headers["x-request-id"] for answer in unnamed}) == 4
    assert "script" not in hostile.headers["x-request-id"]


async def test_what_is_long_is_compressed_for_those_who_can_read_it(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(*[forecast(f"e0-2024-25-home{n}-away-1") for n in range(20)])

    async with served() as client:
        sent: dict[str, bytes] = {}
        for coding in ("gzip", "identity"):
            headers = {"Accept-Encoding": coding}
            async with client.stream("GET", "/v1/predictions", headers=headers) as answer:
                assert answer.headers.get("content-encoding", "identity") == coding
                assert "Accept-Encoding" in answer.headers["vary"]
                sent[coding] = b"".join([chunk async for chunk in answer.aiter_raw()])

    assert gzip.decompress(sent["gzip"]) == sent["identity"]
    assert len(sent["gzip"]) < len(sent["identity"]) / 5


async def test_a_head_request_of_a_match_says_the_same_without_the_body(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())

    async with served() as client:
        got, head = await client.get(PATH), await client.head(PATH)

    volatile = {"x-request-id", "date"}
    said = [
        {name: value for name, value in answer.headers.items() if name not in volatile}
        for answer in (got, head)
    ]
    assert said[0] == said[1]
    assert head.content == b""


@pytest.fixture
def operated(valkey: Any) -> Parts:
    return Parts(Settings(redis_url=valkey.url), {})


async def test_operators_see_who_follows_and_can_end_it(operated: Parts) -> None:
    from dashboard.audience import Subscription  # noqa: PLC0415 - only here
    from dashboard.query import Query  # noqa: PLC0415 - only here

    followers = [Subscription(Query(), address) for address in ("10.0.0.1", "10.0.0.1", "::1")]
    for follower in followers:
        operated.hub.subscriptions.add(follower)
    transport = httpx.ASGITransport(app=admin_app(operated))

    async with httpx.AsyncClient(transport=transport, base_url="http://admin") as client:
        seen = (await client.get("/admin/clients")).json()
        dropped = await client.delete("/admin/clients/10.0.0.1")
        nobody = await client.delete("/admin/clients/10.9.9.9")
        asked = await client.post("/admin/reconcile")
        metrics = await client.get("/metrics")
        wrong = await client.get("/admin/reconcile")

    assert seen["clients"][0] == {"address": "10.0.0.1", "clients": 2}
    assert dropped.json() == {"dropped": 2}
    assert [follower.closed for follower in followers] == [True, True, False]
    assert (nobody.status_code, asked.status_code, wrong.status_code) == (404, 202, 405)
    assert "sabiscore_stream_clients 3.0" in metrics.text


async def test_what_operators_may_do_is_not_served_beside_the_reads(served: Any) -> None:
    async with served() as client:
        found = [
            (await client.request(method, path)).status_code
            for method, path in (
                ("GET", "/admin/clients"),
                ("POST", "/admin/reconcile"),
                ("DELETE", "/admin/clients/::1"),
                ("POST", "/v1/events"),
            )
        ]

    assert found == [404, 404, 404, 404]


async def test_a_fault_of_ours_tells_nothing_of_its_inside(
    valkey: Any, forecast: Any, served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("redis://:hunter2@inside")

    monkeypatch.setattr("dashboard.reads.overview", broken)
    valkey.commit(forecast())

    async with served() as client:
        answer = await client.get("/v1/overview")

    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert json.loads(answer.text)["status"] == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]
