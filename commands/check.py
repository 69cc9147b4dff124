"""``sabiscore feed check``: tell a feed's author what is wrong with their events."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.flags import Json, console_for
from commands.settings import settings_from
from schemas.competitions import load_competitions
from schemas.errors import FeedError

if TYPE_CHECKING:
    from rich.console import Console

    from producers.documents import Form
    from producers.feed_check import FeedCheck, Finding

# What it takes to fold events is imported when that is asked for: `--help` should not wait.

app = typer.Typer(help="Check a feed before it goes live.", no_args_is_help=True)

_MOST_BYTES = 256 << 20
_TIMEOUT_S = 20.0


@app.callback()
def feed() -> None:
    """Check a feed before it goes live."""


@app.command()
def check(
    source: Annotated[str, typer.Argument(help="FILE, http(s) URL, or - for standard input.")],
    limit: Annotated[int, typer.Option(help="Findings that are shown.", min=1)] = 50,
    *,
    continues: Annotated[
        bool,
        typer.Option("--continues", help="Matches may have been announced before this file."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell what is wrong with a feed's events, line by line; exit code 1 when something is.

    Reads JSON lines, a CloudEvents batch or one event; checks each as the live agent would, but
    publishes nothing. Example: [bold]./run feed check events.ndjson[/]
    """
    from producers.documents import documents
    from producers.feed_check import FeedCheck

    body, form = _read(source)
    table = load_competitions(settings_from().competitions)
    checked = FeedCheck(table, continues=continues)
    findings = [finding for document in documents(body, form) for finding in checked.look(document)]
    if not checked.events:
        raise FeedError(f"{source} holds no event")
    if as_json:
        typer.echo(_as_json(checked, findings[:limit]))
    else:
        _show(console_for(), checked, findings, limit)
    raise typer.Exit(1 if checked.wrong else 0)


def _read(source: str) -> tuple[bytes, Form]:
    from producers.documents import form_of

    if source.startswith(("http://", "https://")):
        return _fetched(source)
    try:
        if source == "-":
            body = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with Path(source).open("rb") as file:
                body = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise FeedError(f"{source} cannot be read: {error.strerror}") from error
    _refuse_long(source, len(body))
    return body, form_of(body)


def _fetched(source: str) -> tuple[bytes, Form]:
    import httpx

    from producers.documents import MEDIA_TYPES, form_of

    parts, length = [], 0
    try:
        with httpx.stream("GET", source, timeout=_TIMEOUT_S, follow_redirects=True) as response:
            response.raise_for_status()
            for part in response.iter_bytes():
                length += len(part)
                _refuse_long(source, length)
                parts.append(part)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FeedError(f"{source} cannot be fetched: {error}") from error
    body = b"".join(parts)
    said = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return body, MEDIA_TYPES.get(said) or form_of(body)


def _refuse_long(source: str, length: int) -> None:
    if length > _MOST_BYTES:
        raise FeedError(f"{source} is longer than {_MOST_BYTES} bytes; check it in parts")


def _as_json(checked: FeedCheck, findings: list[Finding]) -> str:
    import msgspec

    return msgspec.json.encode(
        {
            "events": checked.events,
            "wrong": checked.wrong,
            "warnings": checked.warnings,
            "copies": checked.copies,
            "matches": len(checked.matches),
            "types": checked.types,
            "first": checked.first,
            "last": checked.last,
            "findings": findings,
        }
    ).decode()


def _show(console: Console, checked: FeedCheck, findings: list[Finding], limit: int) -> None:
    from rich.markup import escape
    from rich.table import Column, Table

    if findings:
        table = Table(Column("Line", justify="right"), "Id", "", "Field", "What is wrong")
        for finding in findings[:limit]:
            wrong = finding.severity.value == "error"
            mark = f"[{'red' if wrong else 'yellow'}]{finding.severity.value}[/]"
            table.add_row(
                str(finding.line),
                escape(finding.id),
                mark,
                escape(finding.field),
                escape(finding.reason),
            )
        console.print(table)
        if len(findings) > limit:
            console.print(f"… and {len(findings) - limit:,} more; see --limit")
    right = checked.events - checked.wrong
    console.print(
        f"{checked.events:,} events of {len(checked.matches):,} matches: {right:,} can be used, "
        f"{checked.wrong:,} cannot; {checked.warnings:,} warnings, {checked.copies:,} copies"
    )
    if checked.first and checked.last:
        console.print(f"From {checked.first:%d %b %Y %H:%M} to {checked.last:%d %b %Y %H:%M}")
    for name, count in checked.types.most_common():
        console.print(f"  {count:>9,}  {name}")
