"""Reads over HTTP, and follows by Server-Sent Events."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec
from msgspec import Struct

from sabiscore_client.selection import EVERYTHING, Forecasts, Newest
from schemas.errors import ServerError, SettingsError
from schemas.forecast import Forecast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sabiscore_client.selection import Selection

_T = TypeVar("_T")

TIMEOUT_S = 15.0
"""The stream says every five seconds that it is there; after this it is gone."""
PAUSE_S = 1.0
MOST_NAMED = 100
"""So many matches the server takes by name; of more, everything is read and looked through."""
AGAIN = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}


class _Page(Struct):
    predictions: list[Forecast]
    next_cursor: str | None = None


class _ResyncError(Exception):
    """The server cannot know what we missed: everything has to be read again."""


class WebReader:
    """A :class:`~sabiscore_client.reader.Reader` of the server of reads."""

    def __init__(self, address: str, *, token: str | None = None) -> None:
        if token and not (token.isascii() and token.isprintable()):
            msg = "the read token holds characters that no HTTP header can carry"
            raise SettingsError(msg)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(base_url=address, timeout=TIMEOUT_S, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, match_id: str) -> Forecast | None:
        """See :meth:`Reader.get`."""
        if not match_id:
            return None
        answer = self._ask(f"/v1/predictions/{quote(match_id, safe='')}", {})
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        return _decoded(_whole(answer), Forecast)

    def list(self, selection: Selection | None = None) -> Forecasts:
        """See :meth:`Reader.list`."""
        found, _ = self._read_all(selection or EVERYTHING)
        return found

    def follow(self, selection: Selection | None = None) -> Iterator[Forecast]:
        """See :meth:`Reader.follow`."""
        wanted, newest = selection or EVERYTHING, Newest()
        position: str | None = None
        while True:
            try:
                if position is None:
                    found, position = self._read_all(wanted)
                    yield from newest.pass_on(found)
                for place, forecast in self._changes(wanted, position):
                    position = place
                    if wanted.has(forecast):
                        yield from newest.pass_on([forecast])
            except _ResyncError:
                position = None
                continue
            except (httpx.TransportError, _AgainError):
                pass
            time.sleep(PAUSE_S)

    def _read_all(self, selection: Selection) -> tuple[Forecasts, str]:
        """Every page, and the position of the stream before the first of them."""
        found: Forecasts = []
        params, position = _params(selection), ""
        while True:
            answer = _whole(self._ask("/v1/predictions", params))
            page = _decoded(answer, _Page)
            position = position or answer.headers.get("Sabi-Position", "")
            found += page.predictions
            if page.next_cursor is None:
                # No match named means any to the server, and none to whoever selected none.
                return [each for each in found if selection.has(each)], position
            params["cursor"] = page.next_cursor

    def _changes(self, selection: Selection, since: str) -> Iterator[tuple[str, Forecast]]:
        # Status and date are looked at here: the stream also tells what has just left them.
        params = _params(selection)
        headers = {"Last-Event-ID": since}
        with self._client.stream("GET", "/v1/stream", params=params, headers=headers) as answer:
            if answer.is_error:
                answer.read()
                _whole(answer)
            for name, place, data in events(answer.iter_lines()):
                if name == "resync":
                    raise _ResyncError
                if name == "forecast":
                    yield place, _read(data.encode(), Forecast, "/v1/stream")

    def _ask(self, path: str, params: dict[str, str]) -> httpx.Response:
        try:
            return self._client.get(path, params=params)
        except httpx.TransportError as error:
            where = self._client.base_url.copy_with(userinfo=b"")
            msg = f"the reads at {where} do not answer ({error}): is serve running?"
            raise _AwayError(msg) from error


class _AgainError(ServerError):
    """Refused for now: it may be asked again."""


class _AwayError(_AgainError):
    """No answer at all."""


def _whole(answer: httpx.Response) -> httpx.Response:
    """An answer that is none of an error.

    Raises:
        ServerError: When it is; in the server's own words.
    """
    if not answer.is_error:
        return answer
    try:
        detail = msgspec.json.decode(answer.content, type=dict[str, object]).get("detail", "")
    except msgspec.DecodeError:
        detail = answer.text[:200]
    msg = f"{answer.request.url.path} was refused with {answer.status_code}: {detail}"
    raise (_AgainError if answer.status_code in AGAIN else ServerError)(msg)


def _params(selection: Selection) -> dict[str, str]:
    """What is asked of the server; of more matches than it takes by name, all are asked for."""
    params = selection.params()
    if selection.matches is not None and len(selection.matches) > MOST_NAMED:
        del params["match"]
    return params


def _decoded(answer: httpx.Response, kind: type[_T]) -> _T:
    """The body of an answer.

    Raises:
        ServerError: When it is something else.
    """
    return _read(answer.content, kind, answer.request.url.path)


def _read(raw: bytes, kind: type[_T], path: str) -> _T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:
        msg = f"what came from {path} cannot be read ({error}): is it SabiScore, of this version?"
        raise ServerError(msg) from error


def events(lines: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Name, id and data of each Server-Sent Event; the id is that of the last event that had one.

    As the standard has it: https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    name, place, data = "message", "", list[str]()
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "":
            if data:
                yield name, place, "\n".join(data)
            name, data = "message", []
        elif field == "event":
            name = value
        elif field == "id":
            place = value
        elif field == "data":
            data.append(value)
