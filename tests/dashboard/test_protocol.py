"""What is answered on the wire: in order, once each, and with bounds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

MATCH_ID = "e0-2024-25-arsenal-chelsea-1"
PATH = f"/v1/predictions/{MATCH_ID}"
PATIENCE_S = 30


async def said(client: Any, *parts: bytes, pause_s: float = 0.0) -> bytes:
    """Everything that the server says to these bytes until it hangs up."""
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: reads", *headers, "", ""]).encode()


def told_in(answer: bytes) -> tuple[frozenset[bytes], bytes]:
    """The lines of an answer's head but the date, in any order, and its body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return frozenset(line for line in head.split(b"\r\n") if not line.startswith(b"date:")), body


async def test_pipelined_requests_are_answered_in_order_each_once(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())
    kinds = [PATH, "/v1/overview", PATH, "/healthz", PATH, PATH, "/v1/competitions", PATH]
    requests = [get(path, f"X-Request-Id: r{n}") for n, path in enumerate(kinds)]
    last = get("/healthz", "X-Request-Id: last", "Connection: close")

    async with served() as client:
        answer = await said(client, b"".join([*requests, last]))

    ids = [part.partition(b"\r\n")[0] for part in answer.split(b"x-request-id: ")[1:]]
    assert ids == [*[f"r{n}".encode() for n in range(len(kinds))], b"last"]
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == len(kinds) + 1


async def test_hundreds_of_pipelined_requests_do_not_nest(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())
    requests = [get("/healthz"), *[get(PATH)] * 3_000, get(PATH, "Connection: close")]

    async with served() as client:
        answer = await said(client, b"".join(requests))
        alive = await client.get("/healthz")

    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 3_002
    assert alive.status_code == 200


async def test_an_answer_is_framed_so_that_the_next_one_can_be_read(
    valkey: Any, forecast: Any, served: Any
) -> None:
    body = forecast(revision=7)
    valkey.commit(body)

    async with served() as client:
        answer = await said(
            client, get(PATH), get(PATH, 'If-None-Match: "1-7"'), get(PATH, "Connection: close")
        )

    first, second, third = answer.split(b"HTTP/1.1 ")[1:]
    assert first.startswith(b"200 OK\r\n")
    assert first.endswith(b"\r\n\r\n" + body)
    assert second.startswith(b"304 Not Modified\r\n")
    assert second.endswith(b"\r\n\r\n")
    assert b"content-length" not in second
    assert b"\r\nconnection: close\r\n" in third
    assert b"\r\ndate: " in third


@pytest.mark.parametrize("asked", [(), ('If-None-Match: "1-1"',)])
async def test_a_read_says_the_same_in_one_piece_in_several_and_behind_a_proxy(
    valkey: Any, forecast: Any, served: Any, asked: tuple[str, ...]
) -> None:
    valkey.commit(forecast())
    request = get(PATH, *asked, "X-Request-Id: mine", "Connection: close")
    long = get(PATH, *asked, "X-Request-Id: mine", f"X-Long: {'a' * 5_000}", "Connection: close")

    async with served() as client:
        whole = await said(client, request)
        cut = await said(client, request[:40], request[40:], pause_s=0.05)
        lengthy = await said(client, long)
    async with served(trusted_proxies=("127.0.0.1",)) as client:
        behind = await said(client, request)

    assert whole.startswith(b"HTTP/1.1 304 " if asked else b"HTTP/1.1 200 ")
    assert len({told_in(answer) for answer in (whole, cut, lengthy, behind)}) == 1


async def test_a_request_with_a_body_is_answered_and_the_next_one_understood(
    valkey: Any, forecast: Any, served: Any
) -> None:
    valkey.commit(forecast())
    with_body = get(PATH, "Content-Length: 5")

    async with served() as client:
        answer = await said(
            client, with_body, b"hello", get("/healthz", "Connection: close"), pause_s=0.05
        )

    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2


@pytest.mark.parametrize(
    "endless",
    [b"GET /" + b"a" * 40_000, b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 40_000],
)
async def test_a_head_without_end_is_not_gathered(served: Any, endless: bytes) -> None:
    async with served() as client:
        answer = await said(client, endless[:20_000], endless[20_000:], pause_s=0.05)
        alive = await client.get("/healthz")

    assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""
    assert alive.status_code == 200


async def test_bytes_that_are_no_request_are_refused(served: Any) -> None:
    async with served() as client:
        answer = await said(client, b"\x16\x03\x01 no http\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")
